using System.Text;
using System.Text.Json;
using Inferometer.Measurement.Published;
using Inferometer.Measurement.Published.Layouts;
using Inferometer.Measurement.Replay;
using Inferometer.Measurement.Sizes;
using Inferometer.Measurement.Validation;
using Inferometer.Reports.Validation;
using Inferometer.Server.Wire;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Fitting;
using Inferometer.Simulation.Planning;

namespace Inferometer.Server.Simulator;

/// <summary>
/// Reads a table of measurements to set beside predictions: rows as objects, or a text of comma-separated values, always in the request
/// itself.
/// </summary>
internal sealed class ValidationReader(Catalogs catalogs)
{
    private const string Measurements = "measurements";
    private const string Against = "against";
    private const string Sizes = "sizes";
    private const string HeldOut = "hold-out";
    private const string Points = "calibrate";

    private static readonly (string Name, HoldOut Part)[] Parts =
    [
        ("random", HoldOut.RandomFifth), ("groups", HoldOut.WholeGroups), ("model", HoldOut.Model), ("gpu", HoldOut.Device),
        ("framework", HoldOut.Framework),
    ];

    /// <summary>Everything that a request may say.</summary>
    public static IReadOnlyList<ServiceSetting> Settings { get; } =
    [
        new("cost-model", string.Join('|', CostModels.All.Select(m => m.Name)), "What predicts.") { Default = CostModels.Default },
        new("worst", "N", "How many of the worst rows to list for each metric.") { Most = 1000, Default = "3" },
        new("rows", "", "List every figure beside its prediction."),
        new(
            HeldOut, string.Join('|', Parts.Select(p => p.Name)),
            "Of serving rows: fit anew without the part that is judged: a random fifth, a fifth of the deployments, one model, one GPU or "
                + "one framework."),
        new(Points, "N,...", "With hold-out: correct each fit by so many rows of the deployment that is judged, which are not judged.")
        {
            Most = 100,
            Default = "0",
        },
    ];

    /// <summary>The comparison that a request asks for.</summary>
    /// <returns>Makes it: told what to tell progress to, gives what <c>validate --format json</c> prints.</returns>
    /// <exception cref="ApiException">A field is missing, not known, or holds what it may not.</exception>
    public Func<Action<double>, CancellationToken, string> Read(JsonElement body)
    {
        var request = RequestFields.Of(body);
        SettingFields fields = new(request, Settings);
        string? sizes = Table(request, Sizes);
        string? measurements = Table(request, Measurements);
        string? against = Table(request, Against);
        if (sizes is null == (measurements is null))
        {
            throw request.Wrong(Measurements, $"rows, or a text of comma-separated values; or give {Sizes} alone");
        }

        string model = fields.Word("cost-model")!;
        int worst = fields.Whole("worst") ?? 3;
        bool rows = fields.Flag("rows");
        if (sizes is not null)
        {
            string? other = against is not null ? Against : Settings.Select(s => s.Name).FirstOrDefault(fields.Has);
            if (other is not null)
            {
                throw ApiException.Invalid(other, $"{other}: not together with {Sizes}, which are compared by themselves, row by row.");
            }
        }

        string? part = fields.Word(HeldOut);
        int[] points = fields.Has(Points) ? fields.Wholes(Points) : [0];
        if (part is null && fields.Has(Points))
        {
            throw ApiException.Invalid(Points, $"{Points} needs {HeldOut}: what ships may have seen the rows that would be judged.");
        }

        if (part is not null)
        {
            RequireFitted(fields, against, model);
        }

        request.RequireNothingElse();
        return sizes is not null ? OfSizes(sizes)
            : part is not null
                ? HoldingOut(measurements!, Parts.First(p => p.Name.Equals(part, StringComparison.Ordinal)).Part, points, rows)
            : OfMeasurements(measurements!, against, model, worst, rows);
    }

    private static void RequireFitted(SettingFields fields, string? against, string model)
    {
        string? idle = against is not null ? Against : fields.Has("worst") ? "worst" : null;
        if (idle is not null)
        {
            throw ApiException.Invalid(idle, $"{idle}: with {HeldOut} errors alone are shown; leave it out.");
        }

        if (!string.Equals(model, CostModels.Default, StringComparison.Ordinal))
        {
            throw ApiException.Invalid("cost-model", $"cost-model: with {HeldOut} only '{CostModels.Default}' is fitted; leave it out.");
        }
    }

    private Func<Action<double>, CancellationToken, string> HoldingOut(string text, HoldOut part, int[] points, bool rows)
    {
        PublishedTable table = Parsed(text, Measurements);
        return (_, cancelled) =>
        {
            CalibratedFits fits = new(catalogs, configFolder: null);
            IReadOnlyList<ValidationResult> results = CrossValidation.Run(table, fits, part, points, progress: null, cancelled);
            return SimulatorService.Print(HoldOutPage.Of(part, [.. points.Zip(results)], rows));
        };
    }

    private Func<Action<double>, CancellationToken, string> OfSizes(string text)
    {
        IReadOnlyList<PublishedSize> published = EstimateReader.Refusing(
            () => PublishedSizes.Parse(text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries), Sizes),
            Sizes);
        return (_, _) => SimulatorService.Print(SizesPage.Of(new SizeComparison(catalogs.Models).Of(published), Sizes));
    }

    private Func<Action<double>, CancellationToken, string> OfMeasurements(
        string text, string? against, string costModel, int worst, bool rows)
    {
        PublishedTable table = Parsed(text, Measurements);
        PublishedTable? baseline = against is null ? null : Parsed(against, Against);
        return (_, cancelled) =>
        {
            ReplaySetup setup = new(catalogs, configFolder: null, costModel);
            return SimulatorService.Print(ValidationPage.Of(TableValidation.Run(table, setup, baseline, cancelled), worst, rows));
        };
    }

    private static PublishedTable Parsed(string text, string field)
    {
        using StringReader reader = new(text);
        return EstimateReader.Refusing(() => PublishedTableReader.Read(reader, field, readsFiles: false), field);
    }

    private static string? Table(RequestFields request, string name)
    {
        if (!request.TryGet(name, out JsonElement value))
        {
            return null;
        }

        return value.ValueKind switch
        {
            JsonValueKind.String when value.GetString() is { Length: > 0 } text => text,
            JsonValueKind.Array when value.GetArrayLength() > 0 && value.EnumerateArray().All(r => r.ValueKind == JsonValueKind.Object) =>
                CsvOf(request, name, value),
            _ => throw request.Wrong(name, "a list of rows, each an object of columns, or a text of comma-separated values with a header"),
        };
    }

    // The readers of tables check every value and name line and column; line 2 is the first row, as in a file.
    private static string CsvOf(RequestFields request, string name, JsonElement rows)
    {
        List<string> columns = [];
        HashSet<string> known = new(StringComparer.Ordinal);
        foreach (JsonProperty cell in rows.EnumerateArray().SelectMany(r => r.EnumerateObject()))
        {
            if (known.Add(cell.Name))
            {
                columns.Add(cell.Name);
            }
        }

        StringBuilder text = new();
        text.AppendJoin(',', columns.Select(Quoted)).Append('\n');
        foreach (JsonElement row in rows.EnumerateArray())
        {
            text.AppendJoin(',', columns.Select(column => row.TryGetProperty(column, out JsonElement cell) ? Cell(cell) : "")).Append('\n');
        }

        return text.ToString();

        string Cell(JsonElement cell) => cell.ValueKind switch
        {
            JsonValueKind.String => Quoted(cell.GetString()!),
            JsonValueKind.Number => cell.GetRawText(),
            JsonValueKind.Null => "",
            JsonValueKind.True or JsonValueKind.False => cell.GetRawText(),
            _ => throw request.Wrong(name, "rows whose columns hold texts or numbers"),
        };
    }

    private static string Quoted(string text) => text.AsSpan().IndexOfAny(",\"\n\r") < 0
        ? text
        : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
