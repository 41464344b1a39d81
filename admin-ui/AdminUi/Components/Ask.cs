using Grpc.Core;
using Montalegre.Vdi.AdminUi.Live;
using Montalegre.Vdi.AdminUi.Words;
using MudBlazor;

namespace Montalegre.Vdi.AdminUi.Components;

/// <summary>Asks, acts, and says how it ended: every action of the console goes this way.</summary>
internal sealed class Ask(IDialogService dialogs, ISnackbar snackbar, Language say)
{
    /// <param name="done">What to say once it is done; null when the action says it itself.</param>
    public async Task<bool> ThenAsync(Question question, Func<Task> act, string? done)
    {
        var dialog = await dialogs.ShowAsync<ConfirmDialog>(null, new DialogParameters<ConfirmDialog> { { d => d.Question, question } });
        return await dialog.Result is { Canceled: false } && await DoAsync(act, done);
    }

    public async Task<T?> FormAsync<TDialog, T>(DialogParameters<TDialog> parameters) where TDialog : Microsoft.AspNetCore.Components.ComponentBase where T : class
    {
        var dialog = await dialogs.ShowAsync<TDialog>(null, parameters);
        return await dialog.Result is { Canceled: false, Data: T answer } ? answer : null;
    }

    public async Task<bool> DoAsync(Func<Task> act, string? done)
    {
        try
        {
            await act();
            if (done is not null) snackbar.Add(done, Severity.Success);
            return true;
        }
        catch (RpcException e)
        {
            snackbar.Add(e.Sentence(say.Culture), Severity.Error, o => o.RequireInteraction = true);
            return false;
        }
    }
}
