using Montalegre.Vdi.AdminUi.Live;
using Montalegre.Vdi.AdminUi.Tests.Fakes;
using Montalegre.Vdi.AdminUi.Words;
using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.AdminUi.Tests;

public sealed class RightsTests
{
    [Fact]
    public void A_right_for_one_pool_opens_that_pool_and_no_other_and_nothing_about_everything()
    {
        var held = new HeldRights(new() { Permissions = { new HeldPermission { Permission = "machines.operate", PoolIds = { "p-1" } }, new HeldPermission { Permission = "pools.read", Everything = true } } });
        Assert.True(held.May("machines.operate", "p-1"));
        Assert.False(held.May("machines.operate", "p-2"));
        Assert.False(held.May("machines.operate", ""));
        Assert.True(held.MaySomewhere("machines.operate"));
        Assert.True(held.May("pools.read", "p-2"));
        Assert.False(held.MaySomewhere("users.read"));
    }

    [Theory]
    [InlineData("pt-PT")]
    [InlineData("en-GB")]
    public void Every_permission_and_role_has_words(string language)
    {
        var say = new Language(new(language));
        Assert.DoesNotContain(FakeRights.All, p => say.PermissionVerb(p) == p || say.PermissionObject(p.Split('.')[0]) == p.Split('.')[0]);
        Assert.DoesNotContain(FakeRights.BuiltIn.Keys.Where(r => r != "auditor"), r => say.RoleOf(r) == r);
        // Two permissions about one thing must be told apart.
        Assert.All(say.ByObject(FakeRights.All), o => Assert.Distinct(o.Permissions.Select(say.PermissionVerb)));
    }
}
