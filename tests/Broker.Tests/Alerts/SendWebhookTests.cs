using System.Net;
using Montalegre.Vdi.Broker.Alerts;

namespace Montalegre.Vdi.Broker.Tests.Alerts;

public sealed class SendWebhookTests
{
    [Theory]
    [InlineData("127.0.0.1", false, false)]
    [InlineData("::1", false, false)]
    [InlineData("::ffff:127.0.0.1", false, false)]
    [InlineData("169.254.169.254", true, false)]
    [InlineData("fe80::1", true, false)]
    [InlineData("0.0.0.0", true, false)]
    [InlineData("224.0.0.1", true, false)]
    [InlineData("127.0.0.1", true, true)]
    [InlineData("10.1.2.3", false, true)]
    public void Webhook_goes_into_the_house_but_not_to_this_machine_nor_to_what_only_it_can_reach(string address, bool thisMachine, bool allowed) =>
        Assert.Equal(allowed, SendWebhook.MayBeAsked(IPAddress.Parse(address), thisMachine));
}
