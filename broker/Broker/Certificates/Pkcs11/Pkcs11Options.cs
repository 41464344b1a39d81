namespace Montalegre.Vdi.Broker.Certificates.Pkcs11;

/// <summary>The PKCS#11 token in which key-encryption keys are made and stay.</summary>
internal sealed class Pkcs11Options
{
    private const string Section = "Certificates:Pkcs11";

    /// <summary>The manufacturer's library, an absolute path. Empty: keys are files.</summary>
    public string? Module { get; set; }

    /// <summary>The label of the token in which new keys are made.</summary>
    public string? TokenLabel { get; set; }

    /// <summary>The label of the first key; later ones have <c>-2</c>, <c>-3</c> at the end.</summary>
    public string KeyLabel { get; set; } = "montalegre";

    /// <summary>A file that holds the user's PIN. Empty: the systemd credential <c>montalegre-pin</c>.</summary>
    public string? PinFile { get; set; }

    public bool IsSet => Module is { Length: > 0 };

    public IEnumerable<string> Problems()
    {
        if (!IsSet)
        {
            if (TokenLabel is { Length: > 0 } || PinFile is { Length: > 0 }) yield return $"{Section}:{nameof(Module)} is not set; name the token's library, for example /usr/lib/softhsm/libsofthsm2.so, or remove the other settings of {Section}.";
            yield break;
        }
        if (!Path.IsPathFullyQualified(Module!)) yield return $"{Section}:{nameof(Module)} is '{Module}'; use an absolute path.";
        if (TokenLabel is not { Length: > 0 and <= 32 }) yield return $"{Section}:{nameof(TokenLabel)} is '{TokenLabel}'; use the label of the token, at most 32 characters, as pkcs11-tool --list-token-slots shows it.";
        if (KeyLabel.Length is 0 or > 100) yield return $"{Section}:{nameof(KeyLabel)} is '{KeyLabel}'; use 1 to 100 characters.";
        if (PinFile is { Length: > 0 } && !Path.IsPathFullyQualified(PinFile)) yield return $"{Section}:{nameof(PinFile)} is '{PinFile}'; use an absolute path.";
    }
}
