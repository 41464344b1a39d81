using System.Globalization;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Architecture.Tests;

public sealed class ReasonListTests
{
    [Fact]
    public void The_domain_and_the_public_contract_know_the_same_reasons()
    {
        var contract = Enum.GetValues<ReasonCode>().Where(c => c != ReasonCode.Unspecified).ToDictionary(c => c.ToString(), c => (int)c);
        var domain = Enum.GetValues<RefusalReason>().ToDictionary(r => r.ToString(), r => (int)r);
        Assert.Equal(contract.OrderBy(p => p.Value), domain.OrderBy(p => p.Value));
    }

    [Fact]
    public void Every_reason_has_a_sentence_in_both_languages()
    {
        var (pt, en) = (CultureInfo.GetCultureInfo("pt-PT"), CultureInfo.GetCultureInfo("en"));
        Assert.All(Enum.GetValues<ReasonCode>().Where(c => c != ReasonCode.Unspecified), code =>
        {
            Assert.Contains(code, ReasonTexts.Covered);
            Assert.NotEqual(ReasonTexts.Sentence(code, pt), ReasonTexts.Sentence(code, en));
            Assert.EndsWith(".", ReasonTexts.Sentence(code, pt), StringComparison.Ordinal);
        });
    }

    [Fact]
    public void A_reason_has_one_public_name() => Assert.Equal("TICKET_USED", ReasonTexts.Name(ReasonCode.TicketUsed));
}
