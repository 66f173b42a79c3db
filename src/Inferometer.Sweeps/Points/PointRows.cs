using System.Globalization;
using Inferometer.Sweeps.Rows;
using Inferometer.Sweeps.Spaces;

namespace Inferometer.Sweeps.Points;

/// <summary>Writes what is known of a point before it is priced, and what became of it, into rows.</summary>
internal sealed class PointRows
{
    private readonly ResultColumns _columns;
    private readonly (int Group, long?[]? Whole, double?[]? Numbers, string[]? Texts)[] _axes;

    public PointRows(SweepSpace space, ResultColumns columns)
    {
        _columns = columns;
        _axes =
        [
            .. space.Groups.SelectMany((group, g) => group.Axes.Select(axis => (g, axis)))
                .Zip(columns.All.Skip(1), (a, column) => (
                    a.g,
                    column.Kind == ColumnKind.Whole
                        ? a.axis.Values.Select(v => (long?)long.Parse(v, CultureInfo.InvariantCulture)).ToArray() : null,
                    column.Kind == ColumnKind.Number
                        ? a.axis.Values.Select(v => (double?)double.Parse(v, CultureInfo.InvariantCulture)).ToArray() : null,
                    column.Kind == ColumnKind.Text ? a.axis.Values.ToArray() : null)),
        ];
    }

    /// <summary>The point's number and the values of its axes.</summary>
    public void Begin(RowBlock block, int row, long point, ReadOnlySpan<int> places)
    {
        block.Whole(0)[row] = point;
        for (int a = 0; a < _axes.Length; a++)
        {
            (int group, long?[]? whole, double?[]? numbers, string[]? texts) = _axes[a];
            int place = places[group];
            if (whole is not null)
            {
                block.Whole(a + 1)[row] = whole[place];
            }
            else if (numbers is not null)
            {
                block.Numbers(a + 1)[row] = numbers[place];
            }
            else
            {
                block.Texts(a + 1)[row] = texts![place];
            }
        }
    }

    /// <summary>What became of it.</summary>
    public void End(RowBlock block, int row, string status, string? reason, PointCounts counts)
    {
        block.Texts(_columns.Status)[row] = status;
        block.Texts(_columns.Reason)[row] = reason;
        counts.Add(status, reason);
    }
}
