using System.Globalization;
using Inferometer.Core;
using Inferometer.Measurement.Published.Results;

namespace Inferometer.Measurement.Published.Layouts;

/// <summary>A layout of a table of measurements: which columns it has and how its rows are read.</summary>
/// <param name="name">Name for people.</param>
/// <param name="required">Columns that make the layout.</param>
/// <param name="optional">Columns that may be there.</param>
internal abstract class MeasurementLayout(string name, string[] required, params string[] optional)
{
    // Enough to see what a file is; a header may be a whole document in one line.
    private const int MostNamed = 8;
    private const int LongestNamed = 40;

    /// <summary>All layouts, the most particular ones first where one header could be of two.</summary>
    public static IReadOnlyList<MeasurementLayout> All { get; } =
    [
        new SiliconLayout(), new BaselineLayout(), new ServingTraceLayout(), new LlmPublishedLayout(), new PublishedByUsersLayout(),
        new LlamaCppLayout(), new StepsLayout(), new GemmLayout(), new AttentionLayout(), new VidurLayout(), new LlmServingSimLayout(),
        new InferSimLayout(), new KernelGemmLayout(), new KernelAttentionLayout(), new KernelMoeLayout(), new KernelCollectiveLayout(),
    ];

    /// <summary>Name for people.</summary>
    public string Name => name;

    /// <summary>Whether a table of this layout names files beside it, without which it cannot be read.</summary>
    public virtual bool HasFiles => false;

    /// <summary>The layout of a header.</summary>
    /// <exception cref="InferometerException">There is none; the message lists the columns of each.</exception>
    public static MeasurementLayout Of(CsvTable table)
    {
        if (All.FirstOrDefault(layout => layout.Fits(table.Columns)) is { } found)
        {
            return found;
        }

        if (table.Columns is ["Metric", ..])
        {
            throw new InferometerException($"{table.Name}: {BenchmarkResultReader.WithoutLoad}");
        }

        MeasurementLayout near = All.OrderByDescending(layout => table.Columns.Count(layout.Knows)).First();
        string[] missing = [.. near.Required.Except(table.Columns, StringComparer.Ordinal)];
        string[] unknown = [.. table.Columns.Where(c => !near.Knows(c))];
        string lacks = missing.Length > 0 ? $" lacks {string.Join(", ", missing)}" : "";
        string more = unknown.Length > MostNamed
            ? string.Create(CultureInfo.InvariantCulture, $" and {unknown.Length - MostNamed} more") : "";
        string has = unknown.Length > 0
            ? $" has the unknown {string.Join(", ", unknown.Take(MostNamed).Select(u => $"'{Short(u)}'"))}{more}" : "";
        throw new InferometerException(
            $"{table.Name}, line 1: these columns are of no table that is read. The nearest is that of {near.Name}, which the header"
            + $"{lacks}{(lacks.Length > 0 && has.Length > 0 ? " and" : "")}{has}; docs/fidelity.md lists the layouts.");
    }

    private static string Short(string column) =>
        column.Length > LongestNamed ? string.Concat(column.AsSpan(0, LongestNamed), "...") : column;

    /// <summary>Reads all rows.</summary>
    /// <param name="table">The text, after its header.</param>
    /// <param name="path">Where it is, for files beside it.</param>
    public abstract PublishedTable Read(CsvTable table, string path);

    /// <summary>Name of a row of a table that names none.</summary>
    protected static string IdOf(CsvTable table) =>
        string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileNameWithoutExtension(table.Name)}:{table.Line}");

    private IReadOnlyList<string> Required => required;

    private bool Knows(string column) =>
        required.Contains(column, StringComparer.Ordinal) || optional.Contains(column, StringComparer.Ordinal);

    private bool Fits(IReadOnlyList<string> columns) =>
        required.All(c => columns.Contains(c, StringComparer.Ordinal)) && columns.All(Knows);
}
