using System.Globalization;
using Google.Protobuf.WellKnownTypes;

namespace Montalegre.Vdi.AdminUi.Words;

// Keys for programs.
internal sealed partial class Language
{
    public string ApiKeysWord => Pick("Chaves da API", "API keys");
    public string ApiKeysHint => Pick(
        "Com uma chave, um programa chama a API sem palavra-passe. Nunca pode mais do que quem a criou pode nesse momento.",
        "With a key a program calls the API without a password. It may never do more than its maker may at that moment.");
    public string NoApiKeys => Pick("Ainda não há chaves. Crie uma para cada programa: assim revoga-se uma sem parar os outros.", "No keys yet. Make one for each program, so that one can be revoked without stopping the others.");
    public string MakeKey => Pick("Criar chave", "Make a key");
    public string KeyMadeBy => Pick("Criada por", "Made by");
    public string KeyUntil => Pick("Válida até", "Good until");
    public string KeyLastUsed => Pick("Último uso", "Last used");
    public string KeyLastUsedAt(string at, string from) => Pick($"Usada pela última vez em {at}, a partir de {from}.", $"Last used at {at}, from {from}.");
    public string KeyNeverUsed => Pick("Nunca foi usada", "Never used");
    public string ExpiredKey => Pick("expirou", "expired");
    public string SleepingKey => Pick("sem função: não vale", "no role: opens nothing");
    public string EverythingOfMaker => Pick("Tudo o que quem a criou pode", "Everything its maker may");
    public string RevokeWord => Pick("Revogar", "Revoke");
    public string RevokeKey(string key) => Pick($"Revogar a chave {key}", $"Revoke the key {key}");
    public string RevokeKeyQuestion(string key) => RevokeKey(key) + "?";
    public string RevokeKeyTouches => Pick("O programa que a usa deixa já de ser aceite.", "The program that uses it is refused from now on.");
    public string KeyRevoked(string key) => Pick($"A chave {key} foi revogada.", $"The key {key} was revoked.");
    public string KeyNameHint => Pick("O programa, por exemplo copias-noturnas. É assim que o registo de auditoria o chama", "The program, for example nightly-backup. The audit record calls it so");
    public string WrongKeyName => Pick("De 1 a 40 letras minúsculas sem acento, algarismos ou . _ -, a começar por letra ou algarismo.", "1 to 40 small letters, digits or . _ -, beginning with a letter or digit.");
    public string KeyLives => Pick("Prazo", "Life");
    public string KeyDays(uint days) => Pick($"{days} dias", $"{days} days");
    public string KeyDay(Timestamp at) => at.ToDateTimeOffset().ToLocalTime().ToString("dd/MM/yyyy", CultureInfo.InvariantCulture);
    public string KeyNeverMore => Pick("Deixa de valer se a sua conta for desativada ou perder estas permissões.", "It ends if your account is disabled or loses these permissions.");
    public string KeySecret => Pick("Chave", "Key");
    public string KeyUse => Pick("O programa envia-a no cabeçalho Authorization: Bearer; o comando montalegre lê-a de MONTALEGRE_API_KEY ou de --api-key-file.", "The program sends it in the header Authorization: Bearer; the montalegre command reads it from MONTALEGRE_API_KEY or --api-key-file.");

    private string? KeyAction(string action) => action switch
    {
        "api_key.make" => Pick("Criou uma chave da API", "Made an API key"),
        "api_key.revoke" => Pick("Revogou uma chave da API", "Revoked an API key"),
        _ => null,
    };
}
