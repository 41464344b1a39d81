namespace Montalegre.Vdi.Gateway.FrontEnd;

/// <summary>Draws a page: brand, heading and sentences on a card. What lies around the card has one colour.</summary>
internal static class PageDrawing
{
    private const int WidestCard = 680;
    private const int Margin = 16;
    private const int Padding = 32;
    private const int Accent = 6;
    private const int Logo = 48;
    private const int Gap = 14;

    /// <summary>The card alone, no larger than the screen. The caller disposes it.</summary>
    public static Canvas Draw(Page page, int screenWidth, int screenHeight)
    {
        var width = Math.Min(WidestCard, screenWidth - (2 * Margin));
        var text = width - (2 * Padding) - Accent;
        var lines = Lines(page, text).ToList();
        var height = Math.Min(Padding + Logo + lines.Sum(l => l.Before + l.Font.LineHeight) + Padding, screenHeight);

        var canvas = new Canvas(width, height, PageColors.Ground);
        canvas.FillRound(0, 0, width, height, 10, PageColors.Line);
        canvas.FillRound(1, 1, width - 1, height - 1, 9, PageColors.Paper);
        canvas.Fill(1, 24, 1 + Accent, height - 24, page.IsTrouble ? PageColors.Bad : PageColors.Heather);

        var left = Padding + Accent;
        DrawLogo(canvas, left, Padding);
        canvas.Write("Montalegre", left + Logo + Gap, Padding + 21, PageFont.Heading, PageColors.Ink);
        canvas.Write("Ambientes de trabalho · Desktops", left + Logo + Gap, Padding + 43, PageFont.Small, PageColors.Soft);

        var y = Padding + Logo;
        foreach (var line in lines)
        {
            y += line.Before + line.Font.LineHeight;
            canvas.Write(line.Text, left, y - (line.Font.LineHeight / 4), line.Font, line.Color);
        }
        return canvas;
    }

    private static IEnumerable<(string Text, PageFont Font, int Color, int Before)> Lines(Page page, int width)
    {
        var title = page.IsTrouble ? PageColors.Bad : PageColors.Heather;
        return Block(page.Title.Pt, PageFont.Heading, title, 20)
            .Concat(Block(page.Sentences.Pt, PageFont.Text, PageColors.Ink, 8))
            .Concat(Block(page.Title.En, PageFont.Text, title, 18))
            .Concat(Block(page.Sentences.En, PageFont.Text, PageColors.Soft, 2))
            .Concat(Block(page.Detail, PageFont.Small, PageColors.Soft, 18))
            .Concat(Block(page.Hint.Pt.Length == 0 ? "" : $"{page.Hint.Pt} · {page.Hint.En}", PageFont.Small, PageColors.Soft, 4));

        IEnumerable<(string, PageFont, int, int)> Block(string text, PageFont font, int color, int before) =>
            font.Wrap(text, width).Select((line, i) => (line, font, color, i == 0 ? before : 0));
    }

    /// <summary>The castle of broker/Portal/Assets/icon.svg, in its units.</summary>
    private static void DrawLogo(Canvas canvas, int x, int y)
    {
        canvas.FillRound(x, y, x + Logo, y + Logo, 10, PageColors.Heather);
        foreach (var (left, top, right, bottom) in Stones)
        {
            canvas.Fill(x + left, y + top, x + right, y + bottom, PageColors.Stone);
            if (right < 24) canvas.Fill(x + Logo - right, y + top, x + Logo - left, y + bottom, PageColors.Stone);
        }
        canvas.FillRound(x + 21, y + 28, x + 27, y + 34, 3, PageColors.Broom);
        canvas.Fill(x + 21, y + 31, x + 27, y + 36, PageColors.Broom);
    }

    /// <summary>Those wholly left of the middle have a twin on the right.</summary>
    private static readonly (double Left, double Top, double Right, double Bottom)[] Stones =
    [
        (18, 16, 30, 36), (17, 13, 31, 16), (17, 11, 20, 13), (22.5, 11, 25.5, 13),
        (9, 24.5, 16, 36), (8, 21.8, 16, 24.5), (8, 20, 11, 21.8), (13, 20, 16, 21.8),
    ];
}
