using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.AdminUi.Words;

/// <summary>
/// Every word of the console in the language of one reader. Both languages stand side by side, so that neither is
/// forgotten, and the culture is kept from the start of the circuit: changes arrive on threads that have none.
/// </summary>
internal sealed partial class Language
{
    public const string Cookie = "__Host-montalegre-language";
    public static readonly string[] Known = ["pt-PT", "en-GB"];
    private readonly bool _portuguese;

    public Language() : this(CultureInfo.CurrentUICulture) { }

    public Language(CultureInfo culture)
    {
        _portuguese = culture.TwoLetterISOLanguageName == "pt";
        Culture = CultureInfo.GetCultureInfo(_portuguese ? Known[0] : Known[1]);
        Names = StringComparer.Create(Culture, CompareOptions.IgnoreCase | CompareOptions.NumericOrdering);
    }

    public CultureInfo Culture { get; }

    /// <summary>Order of names as people expect it: machine-9 before machine-10.</summary>
    public StringComparer Names { get; }

    public static string NameOf(string culture) => culture == Known[0] ? "Português" : "English";

    public string Title(string page) => $"{page} · {(_portuguese ? "Montalegre VDI — Consola" : "Montalegre VDI — Console")}";

    private string Pick(string pt, string en) => _portuguese ? pt : en;

    private string Count(int n, string onePt, string manyPt, string oneEn, string manyEn) =>
        string.Format(Culture, n == 1 ? Pick(onePt, oneEn) : Pick(manyPt, manyEn), n);

    public string Moment(Timestamp? at) => at is null ? "–" : at.ToDateTimeOffset().ToLocalTime().ToString("dd/MM/yyyy HH:mm:ss", CultureInfo.InvariantCulture);

    public string Clock(DateTimeOffset at) => at.ToLocalTime().ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture).Replace(".", Culture.NumberFormat.NumberDecimalSeparator, StringComparison.Ordinal);

    public string TimeOfDay(DateTimeOffset at) => at.ToLocalTime().ToString("HH:mm", CultureInfo.InvariantCulture);

    public string Seconds(TimeSpan span) => span.TotalSeconds.ToString(span.TotalSeconds < 10 ? "0.00" : "0.0", Culture) + " s";

    public string Span(TimeSpan span) => span switch
    {
        { TotalSeconds: < 60 } => $"{Math.Max(0, (int)span.TotalSeconds)} s",
        { TotalMinutes: < 60 } => $"{(int)span.TotalMinutes} min",
        { TotalHours: < 24 } => $"{(int)span.TotalHours} h {span.Minutes} min",
        _ => $"{(int)span.TotalDays} d {span.Hours} h",
    };

    public string Bytes(ulong bytes) => bytes switch
    {
        < 1024 => $"{bytes} B",
        < 1024 * 1024 => (bytes / 1024.0).ToString("0.0", Culture) + " KiB",
        < 1024UL * 1024 * 1024 => (bytes / 1048576.0).ToString("0.0", Culture) + " MiB",
        _ => (bytes / 1073741824.0).ToString("0.00", Culture) + " GiB",
    };

    public string Reason(Reason reason) =>
        ReasonTexts.Sentence(reason.Code, Culture) + (reason.Detail.Length > 0 ? $" ({reason.Detail})" : "");
}
