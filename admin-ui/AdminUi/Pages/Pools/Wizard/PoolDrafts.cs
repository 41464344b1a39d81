using System.Security.Cryptography;
using System.Text.Json;
using Grpc.Core;
using Microsoft.AspNetCore.Components.Server.ProtectedBrowserStorage;
using Microsoft.JSInterop;
using Montalegre.Vdi.AdminUi.Components;
using Montalegre.Vdi.AdminUi.Live;
using Montalegre.Vdi.AdminUi.Words;

namespace Montalegre.Vdi.AdminUi.Pages.Pools.Wizard;

/// <summary>
/// Keeps the draft of one browser tab: leaving the wizard's page loses nothing, nor does loading it anew or a restart of the console. The tab has
/// it sealed under the name of who is signed in; nobody else reads it, and it goes with the tab.
/// </summary>
internal sealed class PoolDrafts(ProtectedSessionStorage storage, Broker broker, Language say)
{
    private const string Key = "pool-draft";
    private const int Longest = 16 * 1024;   // the browser sends it back in one message, of 32 KiB at most
    private string _kept = "";
    private bool _asked;

    public PoolDraft Current { get; private set; } = new();

    /// <summary>The draft is from before the page was loaded.</summary>
    public bool Restored { get; private set; }

    private string Purpose => $"pool draft of {broker.UserName}";

    /// <summary>Takes up what the tab has, once for each circuit.</summary>
    public async Task RestoreAsync()
    {
        if (_asked || Current.Begun) return;
        _asked = true;
        try
        {
            if (await storage.GetAsync<string>(Purpose, Key) is not { Success: true, Value: { } text }) return;
            _kept = text;
            var kept = JsonSerializer.Deserialize<KeptDraft>(text)!;
            Current = PoolDraft.Of(kept, kept.Users.Count + kept.Groups.Count > 0 ? await PeopleAsync() : []);
            Restored = true;
        }
        // Of another person, from before a change of keys or of this program: there is no draft.
        catch (Exception e) when (e is CryptographicException or JsonException or Google.Protobuf.InvalidProtocolBufferException) { await DropAsync(); }
        catch (JSDisconnectedException) { }
    }

    /// <summary>Gives the tab what changed since.</summary>
    public async Task KeepAsync()
    {
        if (!Current.Begun || Current.Making is not null) return;
        var text = JsonSerializer.Serialize(Current.ToKept());
        if (text == _kept || text.Length > Longest) return;
        _kept = text;
        try { await storage.SetAsync(Purpose, Key, text); }
        catch (Exception e) when (e is JSDisconnectedException or TaskCanceledException) { }
    }

    /// <summary>An empty one, here and in the tab.</summary>
    public async Task DropAsync()
    {
        Clear();
        try { await storage.DeleteAsync(Key); }
        catch (Exception e) when (e is JSDisconnectedException or TaskCanceledException) { }
    }

    public void Clear() => (Current, Restored, _kept) = (new(), false, "");

    private async Task<IReadOnlyList<PersonPicker.Subject>> PeopleAsync()
    {
        try { return await PersonPicker.AllAsync(broker, say, withGroups: true); }
        catch (RpcException) { return []; }
    }
}
