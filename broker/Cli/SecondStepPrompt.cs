using Grpc.Core;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Identity.V1;

namespace Montalegre.Vdi.Cli;

/// <summary>The second step of a sign-in at the command line: the code is typed, read from MONTALEGRE_CODE or standard input, or computed from a file.</summary>
internal static class SecondStepPrompt
{
    private const string CodeVariable = "MONTALEGRE_CODE";

    public static async Task<StepDone> ProveAsync(Invocation call, PendingStep step)
    {
        var steps = new SecondStep.SecondStepClient(call.Calls);
        return step.MustEnrol ? await EnrolAsync(call, steps, step) : await SignInAsync(call, steps, step);
    }

    private static async Task<StepDone> EnrolAsync(Invocation call, SecondStep.SecondStepClient steps, PendingStep step)
    {
        var s = call.Screen;
        var offered = await steps.EnrolTotpAsync(new() { Step = step.Step }, call.AsNobody);
        string code;
        if (call.Line.Option(AuthenticatorFile.Option) is { } file)
        {
            AuthenticatorFile.Write(file, offered.Secret);
            code = AuthenticatorFile.Code(file);
            s.Say($"O segundo fator ficou em {file}", $"The second factor is in {file}");
        }
        else
        {
            s.Say("Quem administra entra com um segundo fator. Adicione esta conta a uma aplicação de autenticação:", "Administrators sign in with a second factor. Add this account to an authenticator app:");
            s.Say($"  {s.Words("chave", "key")}  {offered.Secret}", $"  key  {offered.Secret}");
            s.Say($"  {offered.Uri}", $"  {offered.Uri}");
            code = call.Code(CodeVariable);
        }
        var done = await steps.ConfirmTotpAsync(new() { Step = step.Step, Code = code }, call.AsNobody);
        s.Say("Guarde estes códigos de recuperação; cada um serve uma vez, se perder a aplicação:", "Keep these recovery codes; each works once, should you lose the app:");
        foreach (var recovery in done.RecoveryCodes) s.Say($"  {recovery}", $"  {recovery}");
        return done;
    }

    private static async Task<StepDone> SignInAsync(Invocation call, SecondStep.SecondStepClient steps, PendingStep step)
    {
        // No code comes from a passkey; what can be typed is a recovery code.
        if (!(await steps.GetAsync(new() { Step = step.Step }, call.AsNobody)).HasApp)
        {
            if (call.Line.Option(AuthenticatorFile.Option) is not null || !call.MayAskForCode(CodeVariable)) throw new PasskeyOnlyException();
            call.Screen.Say(ReasonTexts.Sentence(ReasonCode.PasskeyNeedsBrowser, call.Screen.Culture), ReasonTexts.Sentence(ReasonCode.PasskeyNeedsBrowser, call.Screen.Culture));
            var recovery = call.Code(CodeVariable);
            return recovery.Trim().Length > 0 ? await ProveAsync(call, steps, step, recovery) : throw new PasskeyOnlyException();
        }
        if (call.Line.Option(AuthenticatorFile.Option) is not { } file) return await ProveAsync(call, steps, step, call.Code(CodeVariable));
        // A script may sign in twice in half a minute: the next code is taken half a minute early, as from a clock that is fast.
        try { return await ProveAsync(call, steps, step, AuthenticatorFile.Code(file)); }
        catch (RpcException e) when (e.Trailers.GetValue("reason") == "CODE_USED") { return await ProveAsync(call, steps, step, AuthenticatorFile.Code(file, steps: 1)); }
    }

    private static async Task<StepDone> ProveAsync(Invocation call, SecondStep.SecondStepClient steps, PendingStep step, string code) =>
        await steps.ProveAsync(new() { Step = step.Step, Code = code }, call.AsNobody);
}

/// <summary>Whoever signs in has nothing that a command line can ask for.</summary>
internal sealed class PasskeyOnlyException : Exception;
