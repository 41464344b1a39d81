using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.Broker.Groups;

/// <summary>One group as the public API shows it.</summary>
/// <param name="Directory">Where it and its members come from; empty: made here.</param>
/// <param name="MostSessions">Open at once, of all members together; null: any number.</param>
internal sealed record GroupRow(Guid GroupId, string Name, string Description, int? MostSessions, int Members, int Pools, string Directory)
{
    public Group ToMessage() => new()
    {
        GroupId = GroupId.ToString(), Name = Name, Description = Description, MostSessions = (uint)(MostSessions ?? 0), Members = (uint)Members, Pools = (uint)Pools, Directory = Directory,
    };
}
