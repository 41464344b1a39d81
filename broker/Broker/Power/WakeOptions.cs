using System.Net;
using System.Net.Sockets;
using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.Power;

/// <summary>How sleeping computers are woken.</summary>
internal sealed class WakeOptions : IOptionsWithProblems
{
    /// <inheritdoc />
    public static string SectionName => "Wake";

    /// <summary>
    /// IPv4 addresses of this server out of whose interfaces packets for computers without a subnet's broadcast address go; empty: all
    /// of its interfaces, but loopback.
    /// </summary>
    public string[] From { get; set; } = [];

    /// <summary>A packet may get lost, and a card may not listen yet: it is sent again that often.</summary>
    public TimeSpan Again { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>A computer whose agent has not reported by then did not wake.</summary>
    public TimeSpan GiveUpAfter { get; set; } = TimeSpan.FromMinutes(5);

    /// <inheritdoc />
    public IEnumerable<string> Problems()
    {
        foreach (var one in From)
            if (!IPAddress.TryParse(one, out var address) || address.AddressFamily != AddressFamily.InterNetwork) yield return $"{SectionName}:{nameof(From)} has '{one}'; give an IPv4 address of this server.";
        if (Again < TimeSpan.FromMilliseconds(100) || Again > TimeSpan.FromMinutes(1)) yield return $"{SectionName}:{nameof(Again)} is {Again}; use 0.1 seconds to 1 minute.";
        if (GiveUpAfter < Again) yield return $"{SectionName}:{nameof(GiveUpAfter)} is {GiveUpAfter}; use {nameof(Again)} ({Again}) or more.";
    }
}
