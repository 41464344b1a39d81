namespace Montalegre.Vdi.Broker.Entitlements;

internal static class EntitlementsSlice
{
    public static IServiceCollection AddEntitlements(this IServiceCollection services) => services
        .AddSingleton<EntitlementStore>()
        .AddSingleton<GrantEntitlement>()
        .AddSingleton<RevokeEntitlement>()
        .AddSingleton<EntitleGroup>()
        .AddSingleton<ListEntitlements>();
}
