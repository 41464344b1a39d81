using Grpc.Core;
using Grpc.Net.Client;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Gateway.V1;

namespace Montalegre.Vdi.Rig.Stack;

/// <summary>The demonstration as its employee sees it, through the public API.</summary>
public sealed class DemonstrationDesktops(DemonstrationStack stack)
{
    /// <summary>Waits until the employee could start a desktop or has one, and tells the reason while not.</summary>
    public async Task UntilReadyAsync(Action<string> tell, CancellationToken ct)
    {
        using var channel = Channel();
        var employee = new Employee.EmployeeClient(channel);
        var signedIn = await SignInAsync(employee, ct);
        while (true)
        {
            var desktops = (await employee.ListDesktopsAsync(new(), signedIn, cancellationToken: ct)).Desktops;
            if (desktops.FirstOrDefault() is { } desktop)
            {
                if (desktop.State is DesktopState.Ready or DesktopState.SessionActive or DesktopState.SessionDisconnected or DesktopState.SessionPending) return;
                if (desktop.Reason is { } reason) tell(ReasonTexts.Sentence(reason.Code, System.Globalization.CultureInfo.CurrentUICulture));
            }
            await Task.Delay(500, ct);
        }
    }

    /// <summary>A channel to the API that trusts this stack's authority and nobody else.</summary>
    public GrpcChannel Channel() =>
        GrpcChannel.ForAddress(stack.BrokerUrl, new() { HttpHandler = stack.Trust(), DisposeHttpClient = true });

    /// <summary>Signs in; the user exists only a moment after the first start.</summary>
    public async Task<Metadata> SignInAsync(Employee.EmployeeClient employee, CancellationToken ct)
    {
        var deadline = DateTime.UtcNow.AddMinutes(10);
        while (true)
        {
            var answer = await employee.SignInAsync(new() { UserName = stack.UserName, Password = stack.Password }, cancellationToken: ct);
            if (answer.OutcomeCase == SignInResponse.OutcomeOneofCase.SignedIn) return new() { { "authorization", $"Bearer {answer.SignedIn.Token}" } };
            if (DateTime.UtcNow > deadline) throw new SetUpException($"The demonstration user cannot sign in: {answer.Refused.Code}. See {stack.Broker.LogFile}.");
            await Task.Delay(1000, ct);
        }
    }
}
