using System.Collections.Frozen;

namespace Montalegre.Vdi.Broker.Identity;

/// <summary>Who may call a method of the public API.</summary>
internal enum MethodAccess
{
    /// <summary>No token: the method signs in, or its peer proves itself by certificate or join token.</summary>
    Open,
    Employee,

    /// <summary>Anybody who is signed in, at portal or console: what a person does with his own account.</summary>
    SignedIn,
    Administrator,
}

internal static class MethodAccessRules
{
    // INVARIANT: whatever is not named here needs an administrator, so a new method is closed until somebody opens it.
    private static readonly FrozenSet<string> OpenMethods = FrozenSet.ToFrozenSet(
    [
        "/montalegre.vdi.admin.v1.Administrators/GetStatus",
        "/montalegre.vdi.admin.v1.Administrators/SetUp",
        "/montalegre.vdi.admin.v1.Administrators/SignIn",
        "/montalegre.vdi.admin.v1.BreakGlass/Use",
        "/montalegre.vdi.gateway.v1.Employee/SignIn",
        "/montalegre.vdi.identity.v1.SecondStep/Get",
        "/montalegre.vdi.identity.v1.SecondStep/Prove",
        "/montalegre.vdi.identity.v1.SecondStep/EnrolTotp",
        "/montalegre.vdi.identity.v1.SecondStep/ConfirmTotp",
        "/montalegre.vdi.identity.v1.SecondStep/BeginPasskey",
        "/montalegre.vdi.identity.v1.SecondStep/ProvePasskey",
        "/montalegre.vdi.identity.v1.SecondStep/BeginNewPasskey",
        "/montalegre.vdi.identity.v1.SecondStep/EnrolPasskey",
        "/montalegre.vdi.identity.v1.PasskeySignIn/GetPlace",
        "/montalegre.vdi.identity.v1.PasskeySignIn/Begin",
        "/montalegre.vdi.identity.v1.PasskeySignIn/SignIn",
        "/montalegre.vdi.identity.v1.ProviderSignIn/List",
        "/montalegre.vdi.identity.v1.ProviderSignIn/Begin",
        "/montalegre.vdi.identity.v1.ProviderSignIn/Finish",
        "/montalegre.vdi.identity.v1.ProviderSignIn/LogOut",
        "/montalegre.vdi.identity.v1.CertificateSignIn/GetPlace",
        "/montalegre.vdi.identity.v1.CertificateSignIn/Begin",
        "/montalegre.vdi.identity.v1.CertificateSignIn/Finish",
        "/montalegre.vdi.gateway.v1.GatewayCertificates/Present",
        "/montalegre.vdi.agent.v1.AgentEnrolment/Join",
        "/montalegre.vdi.agent.v1.AgentChannel/Connect",
        "/montalegre.vdi.agent.v1.AgentChannel/Renew",
        "/montalegre.vdi.gateway.v1.GatewayEnrolment/Join",
        "/montalegre.vdi.gateway.v1.GatewayChannel/Redeem",
        "/montalegre.vdi.gateway.v1.GatewayChannel/Connections",
        "/montalegre.vdi.gateway.v1.GatewayChannel/Renew",
        "/montalegre.vdi.gateway.v1.GatewayChannel/Recheck",
        "/montalegre.vdi.gateway.v1.GatewayAssistance/Follow",
        "/montalegre.vdi.gateway.v1.GatewayAssistance/Answer",
        "/montalegre.vdi.gateway.v1.GatewayAssistance/Redeem",
        "/montalegre.vdi.gateway.v1.GatewayAssistance/End",
    ]);

    /// <param name="method">Full name, for example /montalegre.vdi.admin.v1.Pools/List.</param>
    public static MethodAccess Of(string method) =>
        OpenMethods.Contains(method) ? MethodAccess.Open
        : method.StartsWith("/montalegre.vdi.gateway.v1.Employee/", StringComparison.Ordinal) ? MethodAccess.Employee
        : method.StartsWith("/montalegre.vdi.identity.v1.Factors/", StringComparison.Ordinal) ? MethodAccess.SignedIn
        : method == "/montalegre.vdi.identity.v1.ProviderSignIn/SignOut" ? MethodAccess.SignedIn
        : MethodAccess.Administrator;
}
