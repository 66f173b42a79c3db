using System.CommandLine;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.Core;
using Inferometer.Reports.Documents;
using Inferometer.Reports.Metrics;
using Inferometer.Reports.Writers;
using Inferometer.Simulation.Planning;
using Inferometer.Sweeps.Spaces;
using Inferometer.Sweeps.Tables;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer sweep show</c>: results of a sweep as tables and plots.</summary>
internal sealed class SweepShowCommand
{
    private const int UsualWidth = 100;

    private readonly PathArgument _results = new(
        "RESULTS", PathUse.ReadFile, "What a sweep wrote: .csv, .jsonl or .parquet.", isOptional: false);

    private readonly ValueOption<string?> _rows = Name("--rows", "Setting whose values are the rows of a pivot table, such as tp.");
    private readonly ValueOption<string?> _columns = Name("--columns", "Setting whose values are its columns.");
    private readonly ListOption<string> _values = new(
        ["--value"], Domains.Text("METRIC"), "Metric to show, such as tpot; without --rows and --columns any number of them.", [],
        "of a list the usual ones");

    private readonly RepeatedOption<RowFilter> _where = new(
        ["--where"], new(RowFilter.Help, null, RowFilter.Parse), "Only rows that meet this, such as tp>=4 or system=h100.");

    private readonly ValueOption<string?> _sort = new(
        ["--sort"], Domains.Text("COLUMN[:desc]").As(text => (string?)text), "Order of a list's rows, the smallest first.",
            "that of the points");

    private readonly ValueOption<int> _top = new(["--top"], Domains.Whole(1, int.MaxValue), "Rows of a list to show.") { Fallback = 20 };
    private readonly ValueOption<CellChoice?> _by = new(
        ["--by"],
        Domains.Word(
            ("min", CellChoice.Min), ("max", CellChoice.Max), ("mean", CellChoice.Mean), ("median", CellChoice.Median),
            ("count", CellChoice.Count)).As(choice => (CellChoice?)choice),
        "What stands in a cell of a pivot table to which several rows belong.",
        "the best, as the metric has it");

    private readonly ValueOption<string?> _plot = new(
        ["--plot"], new("FILE|terminal", null, Plot), "Also draw the pivot table: a picture (.svg), a page (.html), or in the terminal.");

    private readonly ValueOption<OutputFormat> _format = FormatOptions.Create();
    private readonly Printer _printer;

    private SweepShowCommand(Printer printer) => _printer = printer;

    public static Command Create(Printer printer)
    {
        SweepShowCommand self = new(printer);
        ExampleCommand command = new(
            "show",
            "Shows results of a sweep: a metric over two settings, or a list of rows, filtered, sorted and drawn.",
            "inferometer sweep show results.csv --rows tp --columns batch --value tpot",
            "inferometer sweep show results.parquet --where \"tpot<40\" --sort cost --top 5",
            "inferometer sweep show results.csv --rows batch --columns system --value throughput --plot throughput.svg",
            "inferometer sweep show results.csv --rows batch --columns tp --value tpot --plot terminal")
        {
            self._results, self._rows, self._columns, self._values, self._where, self._sort, self._top, self._by, self._plot, self._format,
        };
        command.SetAction(self.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string[] sort = (_sort.Of(parsed) ?? "").Split(':');
        if (sort.Length > 2 || (sort.Length == 2 && sort[1] is not ("asc" or "desc")))
        {
            throw new UsageException($"--sort: {Domains.Quote(_sort.Of(parsed)!)} is not allowed; it must be COLUMN, COLUMN:asc or "
                + $"COLUMN:desc.");
        }

        ShownResults shown = await ShownResults.LoadAsync(
            new ShowRequest
            {
                File = _results.Of(parsed)!,
                Names = Names(),
                Rows = _rows.Of(parsed),
                Columns = _columns.Of(parsed),
                Values = _values.Of(parsed),
                Where = _where.Of(parsed),
                Sort = sort[0].Length > 0 ? sort[0] : null,
                Descending = sort is [_, "desc"],
                Top = _top.Of(parsed),
                Choice = _by.Of(parsed),
            },
            cancellationToken).ConfigureAwait(false);
        RefuseIdle(parsed, shown);
        Document document = shown.ToDocument();
        if (_plot.Of(parsed) is { } file)
        {
            LinePlot plot = shown.ToPlot();
            if (file is "terminal")
            {
                int width = Terminal.WidthOf(_printer.Output) ?? UsualWidth;
                document.Blocks.Add(new Sentences("plot", "Plot", plot.ToText(width)) { Bulleted = false, IsDrawing = true });
            }
            else
            {
                bool page = Path.GetExtension(file).StartsWith(".htm", StringComparison.OrdinalIgnoreCase);
                await File.WriteAllTextAsync(file, page ? plot.ToHtml() : plot.ToSvg(), cancellationToken).ConfigureAwait(false);
            }
        }

        _printer.Print(document, _format.Of(parsed));
        return ExitCode.Success;
    }

    private void RefuseIdle(ParseResult parsed, ShownResults shown)
    {
        Option[] idle = shown.IsPivot ? [_sort, _top] : [_by];
        if (Array.Find(idle, parsed.IsGiven) is { } wrong)
        {
            throw new UsageException($"{wrong.Name} is of "
                + $"{(shown.IsPivot ? "a list, without --rows and --columns" : "a pivot table: say --rows")}.");
        }
    }

    // Settings by their names in a space, metrics by the short words of --best.
    private static ColumnNames Names()
    {
        PointReader points = new(Catalogs.From(null));
        IEnumerable<PointSetting> settings = points.Settings(simulated: false).Concat(points.Settings(simulated: true));
        return new ColumnNames(
        [
            .. settings.SelectMany(s => s.Aliases.Append(s.Name).Select(name => (name, s.Key))),
            .. MetricChoice.OfEstimates.Objectives.Select(o => (o.Name, o.Metric.Key)),
            .. MetricChoice.OfServices.Objectives.Select(o => (o.Name, o.Metric.Key)),
        ]);
    }

    private static ValueOption<string?> Name(string name, string meaning) =>
        new([name], Domains.Text("SETTING").As(text => (string?)text), meaning, "none");

    private static string? Plot(string text, string origin)
    {
        if (text is "terminal")
        {
            return text;
        }

        if (Path.GetExtension(text).ToUpperInvariant() is not (".SVG" or ".HTML" or ".HTM"))
        {
            throw Domains.Wrong(origin, text, "a file that ends in .svg or .html, or terminal");
        }

        return Path.GetDirectoryName(text) is { Length: > 0 } folder && !Directory.Exists(folder)
            ? throw new InferometerException($"{origin}: '{text}' cannot be written: its folder does not exist.")
            : text;
    }
}
