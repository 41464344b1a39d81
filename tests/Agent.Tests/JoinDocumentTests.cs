using Montalegre.Vdi.Contracts;

namespace Montalegre.Vdi.Agent.Tests;

public sealed class JoinDocumentTests
{
    private static readonly JoinDocument Sample = new(
        Guid.Parse("0190f7d2-0000-7000-8000-0123456789ab"),
        new Uri("https://10.0.2.2:5443/"),
        new Uri("https://[fd00::1]:5444/"),
        new string('a', 64),
        JoinDocument.NewToken());

    [Fact]
    public void Document_reads_back_as_written_and_stays_short()
    {
        var text = Sample.Format();
        Assert.True(JoinDocument.TryParse(text, out var read, out _));
        Assert.Equal(Sample, read);
        Assert.True(text.Length < 400);
        Assert.DoesNotContain(text, c => c is ',' or ' ' or '"' or '<' or '&' || c > '~');
    }

    [Fact]
    public void Every_truncation_is_refused()
    {
        var text = Sample.Format();
        for (var length = 0; length < text.Length; length++) Assert.False(JoinDocument.TryParse(text[..length], out _, out _));
    }

    [Theory]
    [InlineData("v=1", "v=2")]
    [InlineData("enrol=https", "enrol=http")]
    [InlineData("enrol=https://", "enrol=https://user:pass@")]
    [InlineData("channel=", "channel=file:///etc/passwd#")]
    [InlineData("5443/;", "5443/path;")]
    [InlineData("ca=a", "ca=A")]
    [InlineData("ca=aa", "ca=a")]
    [InlineData(";token=", ";v=1;token=")]
    [InlineData(";token=", ";token=,")]
    [InlineData(";token=", ";;token=")]
    public void Any_other_spelling_is_refused(string find, string replace) =>
        Assert.False(JoinDocument.TryParse(Sample.Format().Replace(find, replace, StringComparison.Ordinal), out _, out _));

    [Fact]
    public void Keys_of_a_newer_broker_are_skipped() =>
        Assert.True(JoinDocument.TryParse(Sample.Format() + ";colour=blue", out _, out _));

    [Fact]
    public void Every_single_changed_character_either_fails_or_gives_a_document_that_reads_back()
    {
        var text = Sample.Format().ToCharArray();
        for (var i = 0; i < text.Length; i++)
        {
            var kept = text[i];
            for (var c = '\0'; c < 0x180; c++)
            {
                text[i] = c;
                if (JoinDocument.TryParse(new string(text), out var read, out _)) Assert.True(JoinDocument.TryParse(read.Format(), out var again, out _) && again == read);
            }
            text[i] = kept;
        }
    }

    [Fact]
    public void Shown_document_does_not_show_its_token() => Assert.DoesNotContain(Sample.Token, Sample.ToString(), StringComparison.Ordinal);

    [Fact]
    public void Token_hash_belongs_to_one_spelling_only()
    {
        var token = JoinDocument.NewToken();
        Assert.NotNull(JoinDocument.TokenSha256(token));
        Assert.Null(JoinDocument.TokenSha256(token + "="));
        Assert.Null(JoinDocument.TokenSha256(token[..^1]));
        // The last character carries two bits of nothing; only zeros there are ours.
        Assert.Equal(1, Enumerable.Range(0, 4).Count(bits => JoinDocument.TokenSha256(new string('A', 42) + "ABCD"[bits]) is not null));
    }
}
