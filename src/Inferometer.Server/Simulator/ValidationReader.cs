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

    /// <summary>Everything that a request may say.</summary>
    public static IReadOnlyList<ServiceSetting> Settings { get; } =
    [
        new("cost-model", string.Join('|', CostModels.All.Select(m => m.Name)), "What predicts.") { Default = CostModels.Default },
        new("worst", "N", "How many of the worst rows to list for each metric.") { Most = 1000, Default = "3" },
        new("rows", "", "List every figure beside its prediction."),
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

        request.RequireNothingElse();
        return sizes is not null ? OfSizes(sizes) : OfMeasurements(measurements!, against, model, worst, rows);
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
