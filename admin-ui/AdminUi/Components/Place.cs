using Montalegre.Vdi.AdminUi.Live;

namespace Montalegre.Vdi.AdminUi.Components;

/// <summary>A place of the main menu, and what opens it and every page below it.</summary>
/// <param name="Needs">The permission; empty: whoever is signed in.</param>
/// <param name="Everywhere">It must be held on everything; else held for any pool is enough, and the lists are cut.</param>
internal sealed record Place(string Href, string Icon, string Word, string Needs, bool Everywhere = false)
{
    public bool OpenTo(Broker broker) => Needs.Length == 0 || (Everywhere ? broker.May(Needs) : broker.MaySomewhere(Needs));

    public bool Holds(string path) => path == Href || (Href != "/" && path.StartsWith(Href + "/", StringComparison.Ordinal));
}
