using Montalegre.Vdi.Architecture.Tests.Rules;

namespace Montalegre.Vdi.Architecture.Tests;

/// <summary>Every rule is run on the checkout, where it must hold, and on a bad sample, where it must not.</summary>
public sealed class ArchitectureTests
{
    private static SourceTree Sample(string path, string text) => new([], [new(path, text)]);

    private static SourceTree Sample(Project project) => new([project], []);

    private static void Holds(Func<SourceTree, IEnumerable<string>> rule, SourceTree bad)
    {
        Assert.NotEmpty(rule(bad));
        Assert.Empty(rule(SourceTree.Checkout));
    }

    [Fact]
    public void The_checkout_is_really_read()
    {
        Assert.Contains(SourceTree.Checkout.Projects, p => p.Name == "Broker");
        Assert.Contains(SourceTree.Checkout.Sources, s => s.Path == "broker/Broker/Launch/LaunchStore.cs");
    }

    [Fact]
    public void Projects_reference_only_what_the_arrows_allow() =>
        Holds(ArchitectureRules.ArrowsHold, Sample(new Project("Gateway", "broker/Gateway", ["Domain"], [], false)));

    [Fact]
    public void Gateway_gets_tls_and_no_other_native_code() =>
        Holds(ArchitectureRules.ArrowsHold, Sample(new Project("Gateway", "broker/Gateway", ["Tls", "Native"], [], false)));

    [Fact]
    public void Projects_bring_in_only_listed_packages() =>
        Holds(ArchitectureRules.PackagesAreAllowed, Sample(new Project("Gateway", "broker/Gateway", [], ["Npgsql"], false)));

    [Fact]
    public void Protocol_and_domain_are_pure() =>
        Holds(ArchitectureRules.PureProjectsStayPure, Sample("broker/Domain/Launching/Bad.cs", "var now = DateTimeOffset.UtcNow;"));

    [Fact]
    public void Unsafe_code_stays_in_native() =>
        Holds(ArchitectureRules.UnsafeStaysInNative, Sample(new Project("Gateway", "broker/Gateway", [], [], AllowsUnsafe: true)));

    [Fact]
    public void No_folder_has_a_name_that_says_nothing() =>
        Holds(ArchitectureRules.FoldersSayWhatTheyHold, Sample("broker/Broker/Helpers/Bad.cs", ""));

    [Fact]
    public void Interfaces_have_two_implementations() =>
        Holds(ArchitectureRules.InterfacesHaveTwoImplementations, Sample("broker/Broker/Launch/Bad.cs", "internal interface ILonely { }\ninternal sealed class Lonely : ILonely { }"));

    [Fact]
    public void Files_stay_small() => Holds(ArchitectureRules.FilesStaySmall, Sample("broker/Broker/Launch/Bad.cs", new string('\n', 501)));

    [Fact]
    public void Nothing_is_left_unfinished() =>
        Holds(ArchitectureRules.NothingIsLeftUnfinished, Sample("broker/Broker/Launch/Bad.cs", "throw new NotImplementedException();"));

    [Fact]
    public void Only_the_broker_talks_to_the_database() =>
        Holds(ArchitectureRules.SqlStaysInTheBroker, Sample("broker/Gateway/Bad.cs", "using Npgsql;"));

    [Fact]
    public void Slices_of_the_broker_form_no_cycle() =>
        Holds(SliceRules.SlicesHaveNoCycles, new([],
        [
            new("broker/Broker/Launch/A.cs", "using Montalegre.Vdi.Broker.Sessions;"),
            new("broker/Broker/Sessions/B.cs", "using Montalegre.Vdi.Broker.Launch;"),
        ]));
}
