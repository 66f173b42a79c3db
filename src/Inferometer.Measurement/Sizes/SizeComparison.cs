using System.Globalization;
using System.Text.RegularExpressions;
using Inferometer.Core;
using Inferometer.Core.Catalog;
using Inferometer.Core.Deployments;
using Inferometer.Core.Models;
using Inferometer.Core.Weights;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;

namespace Inferometer.Measurement.Sizes;

/// <summary>
/// Predicts published figures of memory with the models and formats that can be named, and says how far off the predictions are. What
/// cannot be told from a row (an unknown model, a figure of something else) is left out with the reason.
/// </summary>
/// <param name="models">The models that can be named.</param>
public sealed partial class SizeComparison(ModelCatalog models)
{
    private const RegexOptions Options = RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant;
    private const double Gib = 1L << 30;
    private const double Mib = 1 << 20;
    private static readonly Core.Hardware.HardwareSystem AnyMachine = InlineSystem.Create(1, 1, 1, 1, "sizes");

    /// <summary>Compares every row.</summary>
    /// <param name="rows">What was published.</param>
    public SizeSummary Of(IReadOnlyList<PublishedSize> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        return new SizeSummary([.. rows.Select(Of)]);
    }

    /// <summary>Compares one row.</summary>
    /// <param name="row">What was published.</param>
    public SizeOutcome Of(PublishedSize row)
    {
        ArgumentNullException.ThrowIfNull(row);
        string kind = row.Metric.Contains("KV", StringComparison.Ordinal) ? "cache"
            : row.Metric.StartsWith("model size", StringComparison.Ordinal) ? "file"
            : "weights";
        if (kind is "weights" && !row.Metric.StartsWith("weights", StringComparison.Ordinal))
        {
            return new SizeOutcome(row, null, "other", $"'{row.Metric}' is not a figure of weights or cache");
        }

        if (PublishedNames.Find(models, row.Model) is not { } model)
        {
            return new SizeOutcome(row, null, kind, $"'{row.Model}' is not a model of the catalog");
        }

        try
        {
            return new SizeOutcome(row, Predict(row, model, kind), kind);
        }
        catch (InferometerException error)
        {
            return new SizeOutcome(row, null, kind, error.Message);
        }
    }

    private static double Predict(PublishedSize row, ModelArchitecture model, string kind)
    {
        string formats = row.Precision.Replace(" GGUF", "", StringComparison.OrdinalIgnoreCase);
        string[] pieces = formats.Split(',', StringSplitOptions.TrimEntries);
        WeightScheme? weights = pieces.Where(p => !IsCache(p)).Select(WeightsOf).FirstOrDefault(s => s is not null);
        if (kind is not "cache" && weights is null)
        {
            throw new InferometerException($"'{row.Precision}' names no format of weights that is known");
        }

        // What llama.cpp's kind of file is called after the format of its experts is a mix of its own.
        bool file = row.Precision.Contains("GGUF", StringComparison.OrdinalIgnoreCase) || kind is "file";
        if (file && weights is { Name: "mxfp4" })
        {
            weights = WeightFormats.Find("mxfp4_moe", "row");
        }

        EstimateRequest request = new()
        {
            Architecture = model,
            System = AnyMachine,
            WeightScheme = weights,
            Precisions = new PrecisionSet { KvCache = pieces.Where(IsCache).Select(CacheOf).FirstOrDefault() ?? Precision.Bf16 },
            Parallelism = new Parallelism(Tensor: Number(TensorDegree(), row.Settings) is { } tp ? (int)tp : 1),
            Workload = new Workload { InputTokens = (int)(Number(TokenCount(), $"{row.Metric} {row.Settings}") ?? 1), OutputTokens = 1 },
        };
        ICostPlan plan = CostModels.Find(CostModels.Default, "sizes").Prepare(request);
        if (kind is not "cache")
        {
            double bytes = plan.Memory(WorkloadPoint.From(request.Workload))!.Value.WeightBytes;
            return bytes / (row.Metric.Contains("GiB", StringComparison.Ordinal) ? Gib : 1e9);
        }

        double cache = plan.Memory(WorkloadPoint.From(request.Workload))!.Value.KvCacheBytes;
        return row.Metric switch
        {
            _ when row.Metric.StartsWith("KV tokens", StringComparison.Ordinal) =>
                Available(row) / plan.KvBytesPerToken!.Value,
            _ when row.Metric.Contains("MiB", StringComparison.Ordinal) => cache / Mib,
            _ when row.Metric.Contains("GiB", StringComparison.Ordinal) => cache / Gib,
            _ => cache / 1e9,
        };
    }

    // Engines print binary gigabytes, under either name: what is free, or keys and values apart.
    private static double Available(PublishedSize row)
    {
        double sum = Amounts().Matches(row.Settings).Sum(m => double.Parse(m.Groups["number"].Value, CultureInfo.InvariantCulture));
        return sum > 0 ? sum * Gib : throw new InferometerException($"'{row.Settings}' does not say how much memory the cache had");
    }

    private static bool IsCache(string piece) =>
        piece.Contains("KV", StringComparison.Ordinal) || piece.Contains("cache", StringComparison.OrdinalIgnoreCase);

    private static Precision? CacheOf(string piece) =>
        piece.Split(' ').Select(word => Precision.All.FirstOrDefault(p => p.Name.Equals(word, StringComparison.OrdinalIgnoreCase)))
            .FirstOrDefault(p => p is not null);

    // The whole piece, or the first of its words that names a format: "fp8 weights", "AWQ int4", "MXFP4 (Marlin)".
    private static WeightScheme? WeightsOf(string piece) =>
        piece.Split(' ', StringSplitOptions.RemoveEmptyEntries).Prepend(piece)
            .Select(word => WeightFormats.TryFind(word.Trim('(', ')'), "row")).FirstOrDefault(s => s is not null);

    private static double? Number(Regex pattern, string text) =>
        pattern.Match(text) is { Success: true } match ? double.Parse(match.Groups["number"].Value, CultureInfo.InvariantCulture) : null;

    [GeneratedRegex(@"\bTP\s*(?<number>[0-9]+)", Options, matchTimeoutMilliseconds: 1000)]
    private static partial Regex TensorDegree();

    [GeneratedRegex(@"(?<number>[0-9]+) tokens", Options, matchTimeoutMilliseconds: 1000)]
    private static partial Regex TokenCount();

    [GeneratedRegex(@"(?<number>[0-9]+\.[0-9]+)(?= (?:GiB|GB|\+))", Options, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Amounts();
}
