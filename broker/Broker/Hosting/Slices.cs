using Montalegre.Vdi.Broker.Administration;
using Montalegre.Vdi.Broker.Agents;
using Montalegre.Vdi.Broker.Alerts;
using Montalegre.Vdi.Broker.Applications;
using Montalegre.Vdi.Broker.Assistance;
using Montalegre.Vdi.Broker.AuditTrail;
using Montalegre.Vdi.Broker.Backups;
using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Broker.ClientCertificates;
using Montalegre.Vdi.Broker.Demonstration;
using Montalegre.Vdi.Broker.Desk;
using Montalegre.Vdi.Broker.Directories;
using Montalegre.Vdi.Broker.Endpoints;
using Montalegre.Vdi.Broker.Entitlements;
using Montalegre.Vdi.Broker.Gateways;
using Montalegre.Vdi.Broker.Groups;
using Montalegre.Vdi.Broker.Hypervisors;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Images;
using Montalegre.Vdi.Broker.Infrastructure;
using Montalegre.Vdi.Broker.Launch;
using Montalegre.Vdi.Broker.Machines;
using Montalegre.Vdi.Broker.Metrics;
using Montalegre.Vdi.Broker.OpenApi;
using Montalegre.Vdi.Broker.OpenId;
using Montalegre.Vdi.Broker.Pools;
using Montalegre.Vdi.Broker.Portal;
using Montalegre.Vdi.Broker.Power;
using Montalegre.Vdi.Broker.Provisioning;
using Montalegre.Vdi.Broker.Reports;
using Montalegre.Vdi.Broker.Rollouts;
using Montalegre.Vdi.Broker.Sessions;
using Montalegre.Vdi.Broker.Settings;
using Montalegre.Vdi.Broker.Sites;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Broker.Tasks;

namespace Montalegre.Vdi.Broker.Hosting;

/// <summary>The one list of slices. A slice adds one line to each half: its services, and its endpoints where it has some.</summary>
internal static class Slices
{
    // Order matters twice: start-up steps run in this order, and hosted services stop in the reverse of it.
    public static void Add(IServiceCollection services, IConfiguration configuration)
    {
        services.AddStorage(configuration);
        services.AddSettings();
        services.AddBackups(configuration);
        services.AddCertificates(configuration);
        services.AddIdentity(configuration);
        services.AddAdministration();
        services.AddDirectories(configuration);
        services.AddOpenId(configuration);
        services.AddClientCertificates(configuration);
        services.AddSealing(configuration);
        services.AddEntitlements();
        services.AddGroups();
        services.AddDesk();
        services.AddReports(configuration);
        services.AddEnergyMeter();
        services.AddAgents(configuration);
        services.AddGateways(configuration);
        services.AddSessions(configuration);
        services.AddAssistance(configuration);
        services.AddHypervisors();
        services.AddImages(configuration);
        services.AddInfrastructure();
        services.AddSites();
        services.AddEndpoints();
        services.AddPools();
        services.AddMachines();
        services.AddLaunch(configuration);
        services.AddProvisioning(configuration);
        services.AddPower(configuration);
        services.AddRollouts(configuration);
        services.AddTasks();
        services.AddFleetMetrics();
        services.AddAlerts(configuration);
        services.AddPortalContent();
        services.AddApplications();
        services.AddDemonstration(configuration);
    }

    public static void Map(WebApplication app)
    {
        app.MapHealth();
        app.MapOpenApi();
        app.MapIdentity();
        app.MapAdministration();
        app.MapGroups();
        app.MapDirectories();
        app.MapOpenId();
        app.MapClientCertificates();
        app.MapDesk();
        app.MapReports();
        app.MapBackups();
        app.MapAgents();
        app.MapGateways();
        app.MapAssistance();
        app.MapGrpcService<SessionsService>();
        app.MapGrpcService<InfrastructureService>();
        app.MapSites();
        app.MapEndpointGroups();
        app.MapGrpcService<ImagesService>();
        app.MapGrpcService<PoolsService>();
        app.MapGrpcService<MachinesService>();
        app.MapGrpcService<PowerService>();
        app.MapGrpcService<RolloutsService>();
        app.MapTasks();
        app.MapAlerts();
        app.MapSettings();
        app.MapGrpcService<EmployeeService>();
        app.MapGrpcService<PortalContentService>();
        app.MapGrpcService<ApplicationsService>();
        app.MapGrpcService<LaunchesService>();
    }
}
