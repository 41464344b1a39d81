namespace Montalegre.Vdi.Broker.Identity;

/// <summary>Ends the caller's own sign-in. Doing it twice changes nothing.</summary>
internal sealed class SignOutUser(SignInStore store, CallerDirectory callers)
{
    public async Task RunAsync(Caller caller)
    {
        await store.EndAsync(caller);
        callers.Forget(caller.SignIn);
    }
}
