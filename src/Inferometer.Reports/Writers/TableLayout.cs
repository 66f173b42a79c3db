using System.Runtime.InteropServices;
using Inferometer.Reports.Documents;

namespace Inferometer.Reports.Writers;

/// <summary>A column as it is laid out.</summary>
/// <param name="Index">Which column of the table.</param>
/// <param name="Width">Characters it takes.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct LaidColumn(int Index, int Width);

/// <summary>
/// How a table is laid out on a page: as it is where it fits. Where it does not, it gives up in this order, and no more than it must: the
/// length of its last text, the length of its bars, headings on one line, one of two blanks between columns, other texts on one line, the
/// bars, the minor columns. What is still too wide is folded: columns that do not fit continue below, behind the columns that name the row.
/// Numbers are never cut.
/// </summary>
internal sealed class TableLayout
{
    private const int LeastTextWidth = 24;
    private const int LeastBarWidth = 8;

    private readonly Table _table;
    private readonly int[] _shown;
    private readonly int _margin;
    private readonly int _limit;
    private int _gap = 2;

    /// <summary>Lays a table out.</summary>
    /// <param name="table">The table.</param>
    /// <param name="pageWidth">Characters that fit into a line; null = no limit, but a long last text is folded at the length of a line of
    /// prose, save in a column of single lines.</param>
    public TableLayout(Table table, int? pageWidth)
    {
        _table = table;
        _shown = table.ColumnsFor(Audience.People);
        _margin = table.BestRow >= 0 ? 2 : 0;
        _limit = pageWidth ?? Prose.LongestLine;
        Dictionary<int, int> widths = _shown.ToDictionary(i => i, NaturalWidth);
        bool isOneLine = table.Columns[_shown[^1]].IsOneLine;
        Bands = pageWidth is null ? [Columns(_shown, isOneLine ? widths : Shortened(widths))] : Fitted(widths);
    }

    /// <summary>Columns side by side; more than one group of them where the table is folded.</summary>
    public IReadOnlyList<LaidColumn[]> Bands { get; }

    /// <summary>Blanks between columns.</summary>
    public string Gap => new(' ', _gap);

    private List<LaidColumn[]> Fitted(Dictionary<int, int> widths)
    {
        int[] shown = _shown;
        if (Fits(shown, widths = Shortened(widths))
            || Fits(shown, widths = WithShortBars(widths))
            || Fits(shown, widths = WithFoldedHeadings(widths)))
        {
            return [Columns(shown, widths)];
        }

        _gap = 1;
        if (Fits(shown, widths)
            || Fits(shown, widths = WithFoldedTexts(widths))
            || Fits(shown = [.. shown.Where(i => !_table.Columns[i].IsBars)], widths)
            || Fits(Major(shown), widths))
        {
            return [Columns(Fits(shown, widths) ? shown : Major(shown), widths)];
        }

        _gap = 2;
        return Folded(shown, widths);
    }

    private int[] Major(int[] shown) => [.. shown.Where(i => !_table.Columns[i].IsMinor)];

    private List<LaidColumn[]> Folded(int[] shown, Dictionary<int, int> widths)
    {
        int[] names = [.. shown.Where(i => _table.Columns[i].IsRowName)];
        names = names.Length == 0 || 3 * WidthOf(names, widths) > 2 * _limit ? [shown[0]] : names;
        List<LaidColumn[]> bands = [];
        List<int> band = [.. names];
        foreach (int column in shown.Except(names))
        {
            if (band.Count > names.Length && !Fits([.. band, column], widths))
            {
                bands.Add(Columns(band, widths));
                band = [.. names];
            }

            band.Add(column);
        }

        bands.Add(Columns(band, widths));
        return bands;
    }

    private bool Fits(IReadOnlyCollection<int> columns, Dictionary<int, int> widths) => WidthOf(columns, widths) <= _limit;

    private int WidthOf(IReadOnlyCollection<int> columns, Dictionary<int, int> widths) =>
        _margin + columns.Sum(i => widths[i]) + (_gap * (columns.Count - 1));

    private static LaidColumn[] Columns(IEnumerable<int> columns, Dictionary<int, int> widths) =>
        [.. columns.Select(i => new LaidColumn(i, widths[i]))];

    private Dictionary<int, int> Shortened(Dictionary<int, int> widths)
    {
        int last = _shown[^1];
        int excess = WidthOf(_shown, widths) - _limit;
        return excess > 0 && _table.Columns[last] is { IsText: true, IsBars: false }
            ? new(widths) { [last] = Math.Max(LeastWidth(last, widths[last]), widths[last] - excess) }
            : widths;
    }

    private Dictionary<int, int> WithShortBars(Dictionary<int, int> widths)
    {
        int[] bars = [.. _shown.Where(i => _table.Columns[i].IsBars)];
        int excess = WidthOf(_shown, widths) - _limit;
        int each = bars.Length == 0 ? 0 : (excess + bars.Length - 1) / bars.Length;
        return Changed(i => _table.Columns[i].IsBars ? Math.Max(Math.Min(widths[i], LeastBarWidth), widths[i] - each) : widths[i]);
    }

    private Dictionary<int, int> WithFoldedHeadings(Dictionary<int, int> widths) =>
        Changed(i => Math.Min(widths[i], Math.Max(Prose.LongestWord(_table.Columns[i].Heading), ContentWidth(i))));

    // A column of names stays as wide as its longest name; sentences are folded as far as they must be.
    private Dictionary<int, int> WithFoldedTexts(Dictionary<int, int> widths)
    {
        int excess = WidthOf(_shown, widths) - _limit;
        return Changed(i =>
        {
            if (!_table.Columns[i].IsText || _table.Columns[i].IsBars || excess <= 0)
            {
                return widths[i];
            }

            int width = Math.Max(LeastWidth(i, widths[i]), widths[i] - excess);
            excess -= widths[i] - width;
            return width;
        });
    }

    private int LeastWidth(int column, int width)
    {
        bool isWhole = _table.Columns[column].IsWhole;
        int part = _table.Rows.Select(r => isWhole ? Prose.LongestWord(r[column].Text) : Prose.LongestPart(r[column].Text)).Append(
            Prose.LongestWord(_table.Columns[column].Heading)).Max();
        return Math.Min(width, Math.Max(part, LeastTextWidth));
    }

    private Dictionary<int, int> Changed(Func<int, int> width) => _shown.ToDictionary(i => i, width);

    private int NaturalWidth(int column) => Math.Max(_table.Columns[column].Heading.Length, ContentWidth(column));

    private int ContentWidth(int column) => _table.Rows.Count == 0
        ? 0
        : _table.Rows.Max(r => r[column].Bar is null ? r[column].Text.Length : _table.Columns[column].BarWidth);
}
