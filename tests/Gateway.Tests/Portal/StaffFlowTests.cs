using System.Text.RegularExpressions;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Playwright;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Flows;
using Montalegre.Vdi.Portal.Languages;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.Gateway.Tests.Portal;

/// <summary>The five main flows of staff, by keyboard alone (docs/flows.md). Every step is looked at.</summary>
public sealed class StaffFlowTests(Browser browser) : IClassFixture<Browser>, IAsyncLifetime
{
    private readonly PortalRig _rig = new();
    private IPage _page = null!;
    private KeyboardWalk _walk = null!;
    private Texts _say = null!;

    public ValueTask InitializeAsync() => _rig.InitializeAsync();

    public async ValueTask DisposeAsync()
    {
        if (_page is not null) await _page.Context.CloseAsync();
        await _rig.DisposeAsync();
    }

    [Theory]
    [InlineData(320, "pt-PT", false)]
    [InlineData(768, "en", true)]
    [InlineData(1440, "pt-PT", true)]
    public async Task Staff_sign_in_choose_a_desktop_and_get_the_way_in(int width, string language, bool dark)
    {
        await OpenAsync("sign-in", width, language, dark);
        await _page.GotoAsync("/sign-in");
        await Expect(_page.Locator("#user")).ToBeFocusedAsync();
        await SignInAsync("errada");
        await Expect(_page.GetByText("SIGN_IN_FAILED")).ToBeVisibleAsync();
        await Expect(_page.Locator("#password")).ToBeFocusedAsync();
        await _walk.LookAsync("wrong-password");
        await _walk.TypeAsync(FakeBroker.Password);
        await _walk.PressAsync("Enter");
        await AtAsync(_say.MyDesktops);
        await _walk.LookAsync("desktops");

        await _walk.PressAsync("Tab");
        await Expect(_page.Locator(".skip")).ToBeFocusedAsync();
        await _walk.PressAsync("Enter");
        await _walk.EnterAsync(Button(_say.Connect));
        await AtAsync(_say.ReadyTitle("Secretaria"));
        await _walk.LookAsync("ready");
        var file = Button(_say.DownloadFile);
        await _walk.ToAsync(file);
        var download = await _page.RunAndWaitForDownloadAsync(() => _walk.PressAsync("Enter"));
        Assert.Equal("Secretaria.rdp", download.SuggestedFilename);
        await _walk.EnterAsync(Button(_say.MakeCommand));
        await Expect(_page.Locator("#line")).ToHaveValueAsync(new Regex("^xfreerdp /v:rdp"));
        await _walk.EnterAsync(Button(_say.Copy));
        await Expect(Button(_say.Copied)).ToBeFocusedAsync();
        Assert.Equal(await _page.Locator("#line").InputValueAsync(), await _page.EvaluateAsync<string>("navigator.clipboard.readText()"));
        await _walk.LookAsync("command");
        _walk.Ends();
    }

    [Theory]
    [InlineData(320, "en", true)]
    [InlineData(768, "pt-PT", false)]
    [InlineData(1440, "en", false)]
    public async Task Staff_wait_with_place_and_time_and_give_up(int width, string language, bool dark)
    {
        _rig.Broker.MachineIsReady = FakeBroker.Pending();
        await OpenAsync("wait", width, language, dark);
        await SignedInAsync();
        await _walk.EnterAsync(Button(_say.Connect));
        await AtAsync(_say.ConnectingTo("Secretaria"));
        await Expect(_page.Locator(".waiting")).ToContainTextAsync(_say.Place(3));
        await Expect(_page.Locator(".waiting")).ToContainTextAsync(_say.Estimate(150));
        await _walk.LookAsync("waiting");
        await _walk.EnterAsync(Button(_say.StopWaiting));
        await AtAsync(_say.MyDesktops);
        Assert.Equal([FakeBroker.Pool], _rig.Broker.LeftQueues);
        _walk.Ends();
    }

    [Theory]
    [InlineData(320, "pt-PT", true)]
    [InlineData(768, "en", false)]
    [InlineData(1440, "pt-PT", false)]
    public async Task Staff_come_back_to_their_session_and_restart_it(int width, string language, bool dark)
    {
        _rig.Broker.Desktops = [FakeBroker.InSession(DesktopState.SessionDisconnected), FakeBroker.Ready("Urbanismo e cartografia")];
        _rig.Broker.Desktops[1].PoolId = "p2";
        await OpenAsync("come-back", width, language, dark);
        await SignedInAsync();
        await _walk.LookAsync("desktops");
        await _walk.EnterAsync(Button(_say.BackToSession));
        await AtAsync(_say.ReadyTitle("Secretaria"));
        await _walk.EnterAsync(_page.GetByRole(AriaRole.Main).GetByRole(AriaRole.Link, new() { Name = _say.ToMyDesktops, Exact = true }));
        await AtAsync(_say.MyDesktops);

        var more = _page.Locator(".more summary").First;
        await _walk.EnterAsync(more);
        await _walk.ToAsync(Link(_say.Restart));
        await _walk.LookAsync("menu");
        await _walk.PressAsync("Escape");
        await Expect(Link(_say.Restart)).ToBeHiddenAsync();
        await Expect(more).ToBeFocusedAsync();
        await _walk.PressAsync("Enter");
        await _walk.EnterAsync(Link(_say.Restart));
        await AtAsync(_say.RestartTitle("Secretaria"));
        await _walk.LookAsync("restart");
        await _walk.EnterAsync(Button(_say.RestartConfirm));
        await Expect(_page.GetByText(_say.Restarted)).ToBeVisibleAsync();
        await _walk.LookAsync("restarted");
        Assert.Equal([FakeBroker.Session], _rig.Broker.Restarts);
        _walk.Ends();
    }

    [Theory]
    [InlineData(320, "en", false)]
    [InlineData(768, "pt-PT", true)]
    [InlineData(1440, "en", true)]
    public async Task Staff_end_a_sign_in_elsewhere_and_see_who_looked(int width, string language, bool dark)
    {
        var since = Timestamp.FromDateTimeOffset(DateTimeOffset.UtcNow.AddDays(-1));
        _rig.Broker.Others =
        [
            new() { SignInId = "o1", Since = since, SourceAddress = "192.0.2.14", ClientName = "Safari, iPhone" },
            new() { SignInId = "o2", Since = since, SourceAddress = "192.0.2.15", Console = true },
            new() { SignInId = "o3", Since = since, SourceAddress = "2001:db8:85a3:8d3:1319:8a2e:370:7348", ClientName = "Firefox, Linux" },
        ];
        _rig.Broker.Looks.Add(new() { AssistanceId = "a", Desktop = "Secretaria", Who = "Rosa Lima", Control = true, Reason = "A impressora não responde", State = OwnAssistanceState.Seen, AskedAt = since, BeganAt = since, EndedAt = since });
        await OpenAsync("devices", width, language, dark);
        await SignedInAsync();
        await _walk.EnterAsync(Link(_say.Account));
        await AtAsync(_say.Account);
        await _walk.LookAsync("account");
        await _walk.EnterAsync(Button(_say.EndSignInOf("Safari, iPhone")));
        await Expect(_page.GetByText(_say.SignInsEnded, new() { Exact = true })).ToBeVisibleAsync();
        Assert.Equal(["o2", "o3"], _rig.Broker.Others.Select(o => o.SignInId));
        await _walk.EnterAsync(Button(_say.EndOtherSignIns));
        await Expect(_page.GetByText(_say.OnlySignIn)).ToBeVisibleAsync();
        await _walk.LookAsync("only-this");
        await _walk.EnterAsync(Link(_say.Looks));
        await AtAsync(_say.Looks);
        await Expect(_page.GetByRole(AriaRole.Main)).ToContainTextAsync("Rosa Lima");
        await _walk.LookAsync("looks");
        _walk.Ends();
    }

    [Theory]
    [InlineData(320, "pt-PT", false)]
    [InlineData(768, "en", true)]
    [InlineData(1440, "pt-PT", true)]
    public async Task Staff_add_a_second_factor_sign_in_with_it_and_set_how_the_pages_look(int width, string language, bool dark)
    {
        await OpenAsync("factor", width, language, dark);
        await SignedInAsync();
        await _walk.EnterAsync(Link(_say.Account));
        await _walk.EnterAsync(Link(_say.AddApp));
        await AtAsync(_say.EnrolTitle);
        await _walk.LookAsync("enrol");
        await _walk.FillAsync(_page.Locator("#code"), "000000");
        await _walk.PressAsync("Enter");
        await Expect(_page.GetByText("CODE_WRONG")).ToBeVisibleAsync();
        await _walk.FillAsync(_page.Locator("#code"), FakeSecondStep.Code);
        await _walk.PressAsync("Enter");
        await AtAsync(_say.RecoveryCodes);
        await _walk.LookAsync("codes");
        await _walk.EnterAsync(Link(_say.CodesKept));
        await AtAsync(_say.Account);
        await _walk.EnterAsync(Button(_say.SignOut));
        await AtAsync(_say.SignIn);
        await SignInAsync(FakeBroker.Password);
        await AtAsync(_say.SecondStep);
        await Expect(_page.Locator("#code")).ToBeFocusedAsync();
        await _walk.LookAsync("code");
        await _walk.TypeAsync(FakeSecondStep.Code);
        await _walk.PressAsync("Enter");
        await AtAsync(_say.MyDesktops);

        await _walk.EnterAsync(Link(_say.Display));
        await AtAsync(_say.Display);
        await _walk.LookAsync("display");
        await _walk.ToAsync(_page.Locator("input[name=size]:checked"));
        await _walk.PressAsync("ArrowDown");
        await _walk.PressAsync("ArrowDown");
        await _walk.ToAsync(_page.Locator("input[name=contrast]:checked"));
        await _walk.PressAsync("ArrowDown");
        await _walk.EnterAsync(Button(_say.Save));
        await AtAsync(_say.MyDesktops);
        Assert.Equal(["high", "2"], await _page.EvaluateAsync<string[]>("[document.documentElement.dataset.contrast, document.documentElement.dataset.size]"));
        await _walk.LookAsync("large");
        await _walk.EnterAsync(Button(_say.OtherName));
        await AtAsync(Language(_say.OtherTag).MyDesktops);
        _walk.Ends();
    }

    private async Task OpenAsync(string flow, int width, string language, bool dark)
    {
        _say = Language(language);
        _page = await browser.OpenAsync(_rig.Address, width, width < 700 ? 640 : 900, language: language, dark: dark);
        await _page.EmulateMediaAsync(new() { ReducedMotion = ReducedMotion.Reduce });
        // Chosen once, as on a person's own device; else the broker's word for the person counts.
        await _page.Context.AddCookiesAsync([new() { Name = "__Host-montalegre-language", Value = _say.Tag, Url = _rig.Address.ToString(), Secure = true, HttpOnly = true }]);
        var (own, other) = (WordsOf(_say), WordsOf(Language(_say.OtherTag)));
        _walk = new(_page, $"{flow}-{width}-{language}", _say.Tag, other.Except(own).Where(word => word.Length > 2).ToHashSet(StringComparer.Ordinal)) { ForFingers = true };
    }

    private async Task SignedInAsync()
    {
        await _page.GotoAsync("/sign-in");
        await SignInAsync(FakeBroker.Password);
        await AtAsync(_say.MyDesktops);
    }

    private async Task SignInAsync(string password)
    {
        await _walk.FillAsync(_page.Locator("#user"), "maria");
        await _walk.FillAsync(_page.Locator("#password"), password);
        await _walk.PressAsync("Enter");
    }

    private Task AtAsync(string title) => Expect(_page.Locator("h1")).ToHaveTextAsync(title);

    private ILocator Button(string name) => _page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true }).First;

    private ILocator Link(string name) => _page.GetByRole(AriaRole.Link, new() { Name = name, Exact = true }).First;

    private static Texts Language(string tag) => tag == "en" ? English.Texts : Portuguese.Texts;

    private static HashSet<string> WordsOf(Texts texts) =>
        typeof(Texts).GetProperties().Where(p => p.PropertyType == typeof(string)).Select(p => (string)p.GetValue(texts)!).ToHashSet(StringComparer.Ordinal);
}
