using Montalegre.Vdi.Contracts.Gateway.V1;

namespace Montalegre.Vdi.Portal.Desktops;

/// <summary>Names one card in addresses and forms: a pool for its desktop, pool and application for a program of it.</summary>
internal readonly record struct CardKey(string Pool, string Application)
{
    private const char Between = '_';           // in no identifier, and plain in an address

    public static string Of(Desktop card) => card.ApplicationId.Length == 0 ? card.PoolId : $"{card.PoolId}{Between}{card.ApplicationId}";

    /// <summary>Whatever came from outside; the broker says whether there is such a thing.</summary>
    public static CardKey Parse(string key) => key.IndexOf(Between, StringComparison.Ordinal) is var at and >= 0 ? new(key[..at], key[(at + 1)..]) : new(key, "");
}
