using Montalegre.Vdi.AdminUi.Components;
using Montalegre.Vdi.AdminUi.Live;
using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.AdminUi.Tests;

public sealed class LiveViewTests
{
    private readonly LiveTable<Machine> _table = new(m => m.MachineId);
    private readonly LiveView<Machine> _view = new(m => m.MachineId) { Order = (a, b) => string.CompareOrdinal(a.Name, b.Name) };

    public LiveViewTests()
    {
        _table.Replace([Of("1", "a"), Of("2", "b"), Of("3", "c")], DateTimeOffset.UnixEpoch);
        _view.Arrange(_table.Now);
    }

    [Fact]
    public void Changed_value_stays_in_its_place()
    {
        _table.Apply([Of("2", "b", MachineState.Faulted)], [], DateTimeOffset.UnixEpoch);
        _view.Update(_table.Now);
        Assert.Equal(MachineState.Faulted, _view.Rows[1].Value.State);
        Assert.Equal(0, _view.Pending);
    }

    [Fact]
    public void Row_whose_order_changed_waits_for_the_reader()
    {
        _table.Apply([Of("1", "z")], [], DateTimeOffset.UnixEpoch);
        _view.Update(_table.Now);
        Assert.Equal("1", _view.Rows[0].Key);
        Assert.Equal(1, _view.Pending);
        _view.Arrange(_table.Now);
        Assert.Equal("1", _view.Rows[2].Key);
        Assert.Equal(0, _view.Pending);
    }

    [Fact]
    public void Removed_row_stays_marked_until_the_reader_sorts_again()
    {
        _table.Apply([], ["1"], DateTimeOffset.UnixEpoch);
        _view.Update(_table.Now);
        Assert.True(_view.Rows[0].Gone);
        Assert.Equal(3, _view.Rows.Count);
        _view.Arrange(_table.Now);
        Assert.Equal(2, _view.Rows.Count);
    }

    [Fact]
    public void New_row_is_appended_and_counted()
    {
        _table.Apply([Of("0", "0")], [], DateTimeOffset.UnixEpoch);
        _view.Update(_table.Now);
        Assert.Equal("0", _view.Rows[3].Key);
        Assert.Equal(1, _view.Pending);
    }

    [Fact]
    public void Paused_view_counts_what_it_does_not_show()
    {
        _table.Apply([Of("1", "a", MachineState.InUse), Of("4", "d")], ["3"], DateTimeOffset.UnixEpoch);
        Assert.Equal(3, _view.Behind(_table.Now));
    }

    [Fact]
    public void View_that_hears_of_every_change_and_one_that_looks_now_and_then_agree_with_a_new_one()
    {
        var random = new Random(20261127);
        var often = new LiveView<Machine>(m => m.MachineId) { Order = _view.Order, Filter = m => m.State != MachineState.Faulted };
        var seldom = new LiveView<Machine>(m => m.MachineId) { Order = _view.Order, Filter = often.Filter };
        for (var round = 1; round <= 400; round++)
        {
            if (random.Next(90) == 0) _table.Replace([.. Enumerable.Range(0, 40).Select(n => Of($"{n}", $"{random.Next(60)}"))], DateTimeOffset.UnixEpoch);
            var changed = Enumerable.Range(0, random.Next(4)).Select(_ => $"{random.Next(60)}").Distinct().ToList();
            _table.Apply([.. changed.Select(id => Of(id, $"{random.Next(60)}", random.Next(3) == 0 ? MachineState.Faulted : MachineState.Available))],
                [.. Enumerable.Range(0, random.Next(3)).Select(_ => $"{random.Next(60)}").Except(changed)], DateTimeOffset.UnixEpoch);
            often.Update(_table.Now);
            var shown = often.Rows.Where(r => !r.Gone && often.Filter(r.Value)).Select(r => (r.Key, r.Value)).ToHashSet();
            Assert.Equal(_table.Rows.Where(r => often.Filter(r.Value)).Select(r => (r.Key, r.Value)).ToHashSet(), shown);
            if (round % 7 == 0) often.Arrange(_table.Now);
            if (round % 100 != 0) continue;
            // More changes than are remembered lie in between.
            seldom.Update(_table.Now);
            seldom.Arrange(_table.Now);
            often.Arrange(_table.Now);
            var fresh = new LiveView<Machine>(m => m.MachineId) { Order = _view.Order, Filter = often.Filter };
            fresh.Arrange(_table.Now);
            Assert.Equal(fresh.Rows, often.Rows);
            Assert.Equal(fresh.Rows, seldom.Rows);
        }
    }

    [Theory]
    [InlineData("conceicao", "Conceição Brandão")]
    [InlineData("ÇÃO", "conceição")]
    [InlineData("posto-01", "POSTO-0117")]
    public void Filter_looks_past_case_and_accents(string sought, string text) =>
        Assert.Contains(FoldedText.Of(sought), FoldedText.Of(["x", text]), StringComparison.Ordinal);

    [Fact]
    public void A_picture_that_was_taken_never_changes()
    {
        var before = _table.Rows;
        _table.Apply([], ["1"], DateTimeOffset.UnixEpoch);
        Assert.Equal(3, before.Count);
        Assert.Equal(2, _table.Rows.Count);
    }

    [Fact]
    public void Age_counts_from_the_loss_and_not_from_the_latest_try()
    {
        var lost = DateTimeOffset.UnixEpoch.AddHours(1);
        _table.SetLine(LineState.Lost, lost);
        _table.SetLine(LineState.Lost, lost.AddMinutes(5));
        Assert.Equal(lost, _table.LastHeard);
    }

    [Fact]
    public void An_empty_list_counts_as_heard_only_once_the_broker_has_told_it()
    {
        var table = new LiveTable<Machine>(m => m.MachineId);
        table.SetLine(LineState.Lost, DateTimeOffset.UnixEpoch);
        Assert.False(table.Heard);
        table.Replace([], DateTimeOffset.UnixEpoch);
        Assert.True(table.Heard);
        table.SetLine(LineState.Lost, DateTimeOffset.UnixEpoch);
        Assert.True(table.Heard);
    }

    private static Machine Of(string id, string name, MachineState state = MachineState.Available) => new() { MachineId = id, Name = name, State = state };
}
