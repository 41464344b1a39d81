using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.Broker.Directories;

/// <summary>Goes step by step through what a sign-in and a reading need, and names the step that fails. Nothing is kept.</summary>
internal sealed class TestDirectory(DirectoryClient client)
{
    /// <param name="directory">As it would be saved.</param>
    /// <param name="userName">Somebody to look for; empty: nobody.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<TestDirectoryResponse> RunAsync(DirectorySettings directory, string userName, CancellationToken ct)
    {
        try
        {
            using var connection = await client.OpenAsync(directory, ct);
            var reader = new DirectoryReader(directory, connection, client.Patience);
            var (people, groups) = (await reader.PeopleAsync(ct), await reader.GroupsAsync(ct));
            if (people.Count == 0) return Failed(DirectoryStep.Search, connection.Server, $"nobody matches {directory.Schema.UserFilter} below {directory.BaseDn}");
            var answer = new TestDirectoryResponse { Server = connection.Server, People = (uint)people.Count, Groups = (uint)groups.Count };
            if (userName.Length == 0) return answer;
            var typed = TypedName.Of(userName);
            if (await reader.FindAsync(typed.Name, typed.Domain, ct) is not { } person) return Failed(DirectoryStep.Search, connection.Server, $"{userName} is not there, or more than once");
            answer.UserDn = person.Dn;
            answer.UserGroups.AddRange((await reader.GroupsOfAsync(person, ct)).Select(group => group.Name).Order(StringComparer.CurrentCultureIgnoreCase));
            return answer;
        }
        catch (DirectoryFailure e) { return Failed(e.Step, e.Server, e.Problem); }
    }

    private static TestDirectoryResponse Failed(DirectoryStep step, string server, string problem) =>
        new() { FailedStep = (Contracts.Admin.V1.DirectoryStep)(int)step, Server = server, Problem = problem };
}
