using Bunit;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.DependencyInjection;
using Montalegre.Vdi.AdminUi.Components;
using Montalegre.Vdi.AdminUi.Words;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.AdminUi.Tests;

public sealed class ComponentTests : BunitContext
{
    private readonly Language _say = new(new("pt-PT"));

    public ComponentTests()
    {
        Services.AddSingleton(_say);
        Services.AddSingleton(TimeProvider.System);
    }

    [Fact]
    public void Time_line_draws_a_bar_for_each_phase_and_says_the_same_in_a_table()
    {
        var zero = DateTimeOffset.UnixEpoch;
        LogonPhase Phase(string name, int from, int to) => new() { Name = name, StartedAt = zero.AddMilliseconds(from).ToTimestamp(), EndedAt = zero.AddMilliseconds(to).ToTimestamp() };
        var shown = Render<LogonTimeline>(p => p.Add(t => t.Phases, [Phase("connect", 40, 400), Phase("brokering", 0, 40), Phase("desktop", 400, 4120)]));
        Assert.Equal(3, shown.FindAll("rect.bar").Count);
        Assert.Equal(["Escolha da máquina", "Ligação", "Ambiente pronto", "Total"], shown.FindAll("tbody th").Select(h => h.TextContent));
        Assert.Equal("4,12 s", shown.Find("tbody tr:last-child td:last-child").TextContent);
    }

    [Fact]
    public void Phase_that_ends_before_it_began_has_no_length_below_nothing()
    {
        var zero = DateTimeOffset.UnixEpoch;
        var shown = Render<LogonTimeline>(p => p.Add(t => t.Phases, [new() { Name = "connect", StartedAt = zero.AddSeconds(1).ToTimestamp(), EndedAt = zero.ToTimestamp() }]));
        Assert.DoesNotContain("-", shown.Find("rect.bar").GetAttribute("width"), StringComparison.Ordinal);
    }

    [Fact]
    public void Time_line_without_phases_says_so() =>
        Assert.Contains("ainda não são conhecidas", Render<LogonTimeline>(p => p.Add(t => t.Phases, [])).Markup, StringComparison.Ordinal);

    [Fact]
    public void Every_state_has_an_icon_and_a_word_of_its_own()
    {
        var looks = System.Enum.GetValues<MachineState>().Skip(1).Select(s => StateLook.Of(s, _say)).ToList();
        Assert.Equal(looks.Count, looks.Select(l => l.Word).Distinct().Count());
        Assert.Equal(looks.Count, looks.Select(l => l.Icon).Distinct().Count());
    }

    [Fact]
    public void Chip_shows_icon_and_word()
    {
        var chip = Render<StateChip>(p => p.Add(c => c.Look, StateLook.Of(MachineState.Faulted, _say)));
        Assert.Single(chip.FindAll("svg"));
        Assert.Equal("Com falha", chip.Find("span span").TextContent.Trim());
    }

    [Fact]
    public void Pool_bar_never_leaves_its_frame()
    {
        var bar = Render<PoolBar>(p => p.Add(b => b.Pool, new Pool { Size = 2, InUse = 5, Available = 4, Machines = 3 }));
        Assert.InRange(bar.FindAll("rect:not(.rest)").Sum(r => double.Parse(r.GetAttribute("width")!, System.Globalization.CultureInfo.InvariantCulture)), 0, 200);
    }
}
