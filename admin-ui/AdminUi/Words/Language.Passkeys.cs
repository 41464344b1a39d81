using Google.Protobuf.WellKnownTypes;

namespace Montalegre.Vdi.AdminUi.Words;

/// <summary>Passkeys, and the administrator's own account.</summary>
internal sealed partial class Language
{
    public string SignInWithPasskey => Pick("Entrar com chave de acesso", "Sign in with a passkey");
    public string UsePasskey => Pick("Usar a chave de acesso", "Use the passkey");
    public string SecondStepPasskeyLead => Pick("Confirme com a sua chave de acesso que é o próprio.", "Show with your passkey that it is you.");
    public string EnrolChoice => Pick("Adicionar um segundo fator", "Add a second factor");
    public string EnrolByPasskey => Pick("Com uma chave de acesso", "With a passkey");
    public string EnrolByApp => Pick("Ou com uma aplicação de autenticação", "Or with an authenticator app");
    public string PasskeyFailed => Pick("A chave de acesso não foi usada: o pedido foi cancelado, ou este aparelho não tem nenhuma para esta página. Tente de novo, ou use outro meio.", "The passkey was not used: the request was cancelled, or this device has none for this page. Try again, or use another way.");
    public string PasskeyKnown => Pick("Este aparelho já tem uma chave de acesso da sua conta.", "This device already has a passkey of your account.");
    public string PasskeyNeedsScript => Pick("Para usar uma chave de acesso, o JavaScript tem de estar ligado neste navegador.", "To use a passkey, JavaScript must be on in this browser.");
    public string OwnAccount => Pick("A sua conta", "Your account");
    public string SignedInAsWho(string name) => Pick($"Sessão iniciada como {name}", $"Signed in as {name}");
    public string SecondFactors => Pick("Segundo fator", "Second factor");
    public string AuthenticatorApp => Pick("Aplicação de autenticação", "Authenticator app");
    public string LastUsedAt(Timestamp at) => Pick($"última utilização {Moment(at)}", $"last used {Moment(at)}");
    public string NotUsedYet => Pick("ainda não foi usada", "not used yet");
    public string ChangePasskey => Pick("Alterar", "Change");
    public string ChangePasskeyOf(string name) => Pick($"Alterar a chave de acesso {name}", $"Change the passkey {name}");
    public string AddPasskey => Pick("Adicionar chave de acesso", "Add a passkey");
    public string PasskeysHelp => Pick("O seu telemóvel, computador ou chave USB: entra com o dedo, o rosto ou o PIN do aparelho, e uma página falsa não a pode usar.", "Your phone, computer or USB key: you sign in with the finger, face or PIN of the device, and a fake page cannot use it.");
    public string PasskeyName => Pick("Nome da chave", "Name of the passkey");
    public string PasskeyNameHelp => Pick("Para a reconhecer mais tarde: telemóvel, portátil, chave USB.", "To know it again later: phone, laptop, USB key.");
    public string PasskeyOnThisDevice => Pick("Este aparelho", "This device");
    public string RenamePasskey => Pick("Mudar o nome", "Rename");
    public string RemovePasskey => Pick("Remover", "Remove");
    public string RemovePasskeyOf(string name) => Pick($"Remover a chave de acesso {name}", $"Remove the passkey {name}");
    public string LastFactorHelp => Pick("Quem administra não pode ficar sem segundo fator. Adicione outro antes de remover este.", "Administrators cannot be without a second factor. Add another before you remove this one.");
    public string PasskeyAdded => Pick("A chave de acesso foi adicionada.", "The passkey was added.");
    public string PasskeyRenamed => Pick("O nome da chave de acesso foi mudado.", "The passkey was renamed.");
    public string PasskeyRemoved => Pick("A chave de acesso foi removida. Apague-a também no aparelho, para que não volte a ser sugerida.", "The passkey was removed. Delete it on the device, too, so that it is not suggested any more.");
}
