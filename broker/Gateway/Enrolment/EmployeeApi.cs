using Grpc.Net.Client;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Gateway.Hosting;

namespace Montalegre.Vdi.Gateway.Enrolment;

/// <summary>The way of the RDP door and the RD Gateway to the broker's API for employees: it trusts the authority this gateway joined, and no other.</summary>
internal sealed class EmployeeApi(IOptions<GatewayOptions> options, IConfiguration configuration) : IDisposable
{
    private const string PortalsBroker = "Portal:Broker";
    private readonly Lock _once = new();
    private GrpcChannel? _channel;

    /// <summary>Null when no API is named, or this gateway has not joined yet.</summary>
    public Employee.EmployeeClient? Client()
    {
        if (Address() is not { } address) return null;
        lock (_once)
        {
            if (_channel is null)
            {
                if (GatewayIdentity.Load(options.Value.StateDirectory) is not { } identity) return null;
                using (identity.Certificate) _channel = JoinBroker.Open(address, identity.AuthoritySha256, null);
            }
            return new Employee.EmployeeClient(_channel);
        }
    }

    public void Dispose() => _channel?.Dispose();

    private Uri? Address() => options.Value.EmployeeApi ?? (configuration[PortalsBroker] is { Length: > 0 } portal ? new Uri(portal) : null);
}
