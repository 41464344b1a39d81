using System.Collections.Frozen;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.AdminUi.Words;

// The broker names the field by its name in the contract; the reader knows it by its label.
internal sealed partial class Language
{
    private static readonly FrozenDictionary<string, Func<Language, (string Label, string Rule)>> Fields = new Dictionary<string, Func<Language, (string, string)>>(StringComparer.Ordinal)
    {
        ["name"] = say => (say.NameWord, say.WrongName),
        ["user_name"] = say => (say.UserName, ""),
        ["display_name"] = say => (say.FullName, say.WrongName),
        ["uri"] = say => (say.LibvirtUri, say.WrongUri),
        ["network"] = say => (say.NetworkWord, say.WrongNetwork),
        ["storage_path"] = say => (say.StoragePath, say.WrongPath),
        ["path"] = say => (say.ImagePath, ""),
        ["rdp_address"] = say => (say.RdpAddress, say.WrongDoor),
        ["machine_name_pattern"] = say => (say.NamePattern, say.WrongPattern),
        ["address"] = say => (say.Address, ""),
        ["port"] = say => (say.PortWord, say.WrongPort),
        ["size"] = say => (say.SizeWord, ""),
        ["cpus"] = say => (say.Cpus, ""),
        ["memory_mib"] = say => (say.MemoryMib, ""),
        ["idle_minutes"] = say => (say.IdleTimeoutWord, ""),
        ["disconnected_minutes"] = say => (say.DisconnectedWord, ""),
        ["empty_minutes"] = say => (say.EmptyWord, ""),
        ["message_of_the_day"] = say => (say.MessageOfTheDayWord, ""),
        ["most_sessions"] = say => (say.QuotaWord, ""),
        ["log_off_action"] = say => (say.LogOffActionWord, ""),
        ["description"] = say => (say.DescriptionWord, ""),
        ["image_version_id"] = say => (say.ImageWord, ""),
        ["servers"] = say => (say.ServersWord, say.WrongServers),
        ["authorities"] = say => (say.AuthoritiesWord, say.WrongAuthorities),
        ["base_dn"] = say => (say.BaseDnWord, say.WrongDn),
        ["bind_dn"] = say => (say.BindDnWord, say.WrongDn),
        ["bind_password"] = say => (say.BindPasswordWord, say.WrongBindPassword),
        ["domains"] = say => (say.DomainsWord, ""),
        ["user_filter"] = say => (say.UserFilterWord, say.WrongFilter),
        ["group_filter"] = say => (say.GroupFilterWord, say.WrongFilter),
        ["most_bad_tries"] = say => (say.MostBadTriesWord, ""),
        ["bad_tries_minutes"] = say => (say.BadTriesMinutesWord, ""),
        ["sync_minutes"] = say => (say.SyncMinutesWord, ""),
        ["issuer"] = say => (say.IssuerWord, say.WrongIssuer),
        ["client_id"] = say => (say.ClientIdWord, say.WrongClientId),
        ["client_secret"] = say => (say.ClientSecretWord, say.WrongClientSecret),
        ["groups"] = say => (say.ClaimsToGroups, say.WrongMappedGroups),
        ["scopes"] = say => (say.ScopesWord, ""),
        ["second_factor_values"] = say => (say.SecondFactorValuesWord, ""),
        ["certificates"] = say => (say.CertificatesPemWord, say.WrongAuthorities),
        ["pattern"] = say => (say.CertificatePatternWord, say.WrongCertificatePattern),
        ["purpose"] = say => (say.CertificatePurposeWord, say.WrongObjectIdentifier),
        ["policies"] = say => (say.CertificatePoliciesWord, say.WrongObjectIdentifier),
        ["revocation"] = say => (say.CertificateRevocationWord, say.RevocationNeedsDirectory),
        ["value"] = say => (say.CertificateValueWord, say.WrongCertificateValue),
        ["host_id"] = say => (say.HostWord, ""),
        ["networks"] = say => (say.NetworksWord, say.WrongNetworks),
        ["site_id"] = say => (say.SiteWord, ""),
        ["at_site_id"] = say => (say.SiteWord, ""),
    }.ToFrozenDictionary();

    /// <summary>The name of the field that a refusal's detail is about, and what to say beside it; null when it names none.</summary>
    public (string Field, string Text)? FieldRefusal(string detail)
    {
        var name = detail.Split(':')[0];
        if (!Fields.TryGetValue(name, out var words)) return null;
        var rule = words(this).Rule;
        return (name, rule.Length > 0 ? rule : ReasonTexts.Sentence(ReasonCode.InvalidField, Culture));
    }

    /// <summary>Which field is meant by a detail such as "uri: a libvirt URI"; null when it names none.</summary>
    public string? FieldProblem(string detail)
    {
        var name = detail.Split(':')[0];
        if (!Fields.TryGetValue(name, out var words)) return null;
        var (label, rule) = words(this);
        // A computer's name is narrower than a pool's; the broker says which rule by its text.
        if (name == "name" && detail.Contains("hyphens", StringComparison.Ordinal)) rule = WrongMachineName;
        return detail.Contains(':', StringComparison.Ordinal) && rule.Length > 0 ? FieldIs(label, rule) : FieldIs(label, "").TrimEnd(':', ' ') + ".";
    }
}
