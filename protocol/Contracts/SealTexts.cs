using System.Globalization;

namespace Montalegre.Vdi.Contracts;

/// <summary>What the report of a sealed image says, in Portuguese and English. A line of it is <c>STEP:RESULT</c> or <c>STEP:RESULT:NUMBER</c>.</summary>
public static class SealTexts
{
    private static readonly Dictionary<string, (string Pt, string En)> Steps = new(StringComparer.Ordinal)
    {
        ["agent_keys"] = ("Chaves e certificados do agente", "Agent keys and certificates"),
        ["machine_id"] = ("Identificação da máquina", "Machine id"),
        ["ssh_keys"] = ("Chaves do servidor SSH", "SSH host keys"),
        ["rdp_keys"] = ("Certificado do servidor RDP", "RDP server's certificate"),
        ["logs"] = ("Registos de sessões anteriores", "Logs of former log-ons"),
        ["dhcp_leases"] = ("Concessões DHCP", "DHCP leases"),
        ["random_seed"] = ("Semente de números aleatórios", "Random seed"),
        ["histories"] = ("Históricos de comandos", "Command histories"),
        ["free_space"] = ("Espaço livre", "Free space"),
        ["original"] = ("Da máquina original", "Of the original machine"),
    };

    private static readonly Dictionary<string, (string Pt, string En)> Results = new(StringComparer.Ordinal)
    {
        ["nothing"] = ("não havia nada", "there was nothing"),
        ["emptied"] = ("esvaziada; cada máquina cria a sua", "emptied; each machine makes its own"),
        ["stays"] = ("fica: nada nesta imagem cria outro no primeiro arranque", "stays in: nothing in this image makes a new one at the first start"),
        ["erased"] = ("apagado, para que não se leiam ficheiros eliminados", "erased, so that deleted files cannot be read"),
        ["all_stays"] = ("ficam as chaves do agente, o machine-id, as chaves SSH, os registos, as concessões DHCP e a semente de números aleatórios", "the agent's keys, machine-id, SSH host keys, logs, DHCP leases and random seed stay in"),
    };

    private static readonly Dictionary<string, (string PtOne, string Pt, string EnOne, string En)> Counted = new(StringComparer.Ordinal)
    {
        ["removed"] = ("{0} ficheiro removido", "{0} ficheiros removidos", "{0} file removed", "{0} files removed"),
        ["remade"] = ("{0} ficheiro removido; cada máquina cria os seus antes de o servidor arrancar", "{0} ficheiros removidos; cada máquina cria os seus antes de o servidor arrancar",
            "{0} file removed; each machine makes its own before the server starts", "{0} files removed; each machine makes its own before the server starts"),
    };

    /// <summary>Every step and result that has words.</summary>
    public static IReadOnlyCollection<string> Covered => [.. Steps.Keys, .. Results.Keys, .. Counted.Keys];

    /// <summary>A line in the language of <paramref name="culture"/>; null for what an older broker wrote, which is English as it stands.</summary>
    public static string? Sentence(string line, CultureInfo culture)
    {
        var pt = culture.TwoLetterISOLanguageName == "pt";
        return line.Split(':') switch
        {
            [var step, var result] when Steps.TryGetValue(step, out var what) && Results.TryGetValue(result, out var did) => pt ? $"{what.Pt}: {did.Pt}" : $"{what.En}: {did.En}",
            [var step, var result, var number] when Steps.TryGetValue(step, out var what) && Counted.TryGetValue(result, out var did) && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var files) =>
                $"{(pt ? what.Pt : what.En)}: {string.Format(culture, (pt, files) switch { (true, 1) => did.PtOne, (true, _) => did.Pt, (false, 1) => did.EnOne, _ => did.En }, files)}",
            _ => null,
        };
    }
}
