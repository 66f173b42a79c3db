using System.Globalization;
using System.Runtime.InteropServices;
using Inferometer.Core.Deployments;
using Inferometer.Measurement.Ablation;
using Inferometer.Reports.Benchmarks;
using Inferometer.Reports.Documents;
using Inferometer.Reports.Writers;

namespace Inferometer.Reports.Ablation;

/// <summary>
/// Measurement, prediction and their difference, one row per configuration: everything on, on but for one, and from everything off upwards.
/// </summary>
public sealed class AblationReport
{
    private readonly AblationSettings _settings;
    private readonly ThisMachine _machine;
    private readonly OptimizationSummary _summary;
    private readonly Table _table = new(
        "results",
        null,
        Column.Text("view", "view") with { IsRowName = true },
        Column.Text("configuration", "configuration") with { IsRowName = true },
        Column.Number("tok/s", "output_tokens_per_second"),
        Column.Number("factor", "measured_factor"),
        Column.Number("predicted", "predicted_factor"),
        Column.Number("off by", "prediction_error"),
        Column.Number("cumulative", "measured_cumulative"),
        Column.Number("predicted", "predicted_cumulative"),
        Column.Number("computed", "forwarded_tokens"),
        Column.Number("KV", "peak_kv_bytes"),
        Column.Number("work", "peak_work_bytes"),
        Column.Number("predicted KV + work", "predicted_kv_and_activation_bytes"),
        Column.Number("process", "peak_resident_bytes"),
        Column.Number("same tokens", "token_agreement"),
        Machine("seconds"),
        Machine("predicted_seconds"),
        Machine("round_seconds") with { IsText = true },
        Machine("optimizations") with { IsText = true },
        Machine("model_filename") with { IsText = true },
        Machine("cpu_info") with { IsText = true },
        Machine("runtime") with { IsText = true },
        Machine("n_threads"),
        Machine("type_kv") with { IsText = true },
        Machine("n_requests"),
        Machine("n_prompt"),
        Machine("n_shared"),
        Machine("n_gen"),
        Machine("test_time") with { IsText = true },
        Machine("probe_read_gbps"),
        Machine("probe_float_gops"),
        Machine("probe_int8_gops"),
        Machine("probe_dispatch_us"));

    /// <summary>Writes the rows.</summary>
    /// <param name="result">What was run, what it was predicted for, and what came of it.</param>
    public AblationReport(AblationResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        (_settings, _machine, _summary) = (result.Settings, result.Machine, result.Summary);
        const string without = "all but one", ladder = "one by one";
        Add(without, "everything on", _summary.Baseline, null, null, null, null);
        foreach (OptimizationGain gain in _summary.Gains)
        {
            Add(
                without, "without " + OptimizationConfiguration.NameOf(gain.Optimization), gain.Off, gain.MeasuredSpeedup,
                gain.ExpectedSpeedup, null, null);
        }

        foreach (OptimizationStep step in _summary.Ladder)
        {
            if (step.Added is { } added)
            {
                Add(
                    ladder, "+ " + OptimizationConfiguration.NameOf(added), step.Current, step.MeasuredFactor, step.ExpectedFactor,
                    step.MeasuredCumulative, step.ExpectedCumulative);
            }
            else
            {
                Add(ladder, "everything off", step.Current, null, null, null, null);
            }
        }
    }

    /// <summary>The page: for people with what was run above the table, for machines the table alone.</summary>
    /// <param name="format">The format it is for.</param>
    public Document DocumentFor(OutputFormat format)
    {
        if (format is not (OutputFormat.Markdown or OutputFormat.Table))
        {
            return new Document(_table);
        }

        Workload w = _settings.Workload;
        string text = string.Create(
            CultureInfo.InvariantCulture,
            $"{_settings.Model.Name}: {w.BatchSize} requests of {w.InputTokens} + {w.OutputTokens} tokens, {w.CachedPrefixTokens} of "
            + $"them shared, {_settings.Threads} threads; {_settings.Rounds} rounds, medians");
        string probe = string.Create(
            CultureInfo.InvariantCulture,
            $"{BenchReport.Processor()}, {DateTimeOffset.UtcNow:yyyy-MM-dd}: {_machine.Limits.ReadGBps:0.0} GB/s, "
            + $"{_machine.Limits.FloatGops:0} GFLOP/s, {_machine.Limits.Int8Gops:0} G int8/s, {1e6 * _machine.DispatchSeconds:0.0} us "
            + $"per operator");
        return new Document(
            _table,
            new Sentences("notes", null,
            [
                probe,
                "factor: time without the optimisation over time with it, measured; predicted: the same from the simulator, given "
                + "the limits above and no efficiencies",
                "computed: tokens through the network; KV: most keys and values in use; work: the engine's activations, attention "
                + "scratch and logits; process: peak resident memory, weights and runtime included",
            ]))
        {
            Title = text,
        };
    }

    private static Column Machine(string key) => Column.Number("", key) with { Audience = Audience.Machines };

    private void Add(
        string view, string name, OptimizationComparison comparison, double? factor, double? predicted, double? cumulative,
        double? predictedCumulative)
    {
        MeasuredConfiguration measured = comparison.Measured!;
        PredictedConfiguration prediction = comparison.Predicted;
        Workload w = _summary.Workload;
        _table.Add(
            view, name, Rate((double)w.BatchSize * w.OutputTokens, measured),
            Factor(factor), Factor(predicted), predicted / factor - 1 is { } error ? Cell.Number(error, Signed(error)) : Cell.None,
            Factor(cumulative), Factor(predictedCumulative),
            measured.ForwardedTokens, Bytes(measured.Memory.KvBytes), Bytes(measured.Memory.WorkBytes),
            Bytes(prediction.KvBytes + prediction.ActivationBytes),
            measured.PeakResidentBytes is { } resident ? Bytes(resident) : Cell.None, Cell.Share(measured.TokenAgreement),
            Cell.Number(measured.Seconds), Cell.Number(prediction.Seconds),
            Cell.List([.. measured.RoundSeconds.Select(s => s.ToString("R", CultureInfo.InvariantCulture))]),
            Cell.List([.. measured.Configuration.On.Select(OptimizationConfiguration.NameOf)]),
            _settings.Model.Name, BenchReport.Processor(), RuntimeInformation.FrameworkDescription, _settings.Threads,
            _settings.Element.ToString().ToLowerInvariant(),
            w.BatchSize, w.InputTokens, w.CachedPrefixTokens, w.OutputTokens,
            DateTimeOffset.UtcNow.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
            Cell.Number(_machine.Limits.ReadGBps), Cell.Number(_machine.Limits.FloatGops), Cell.Number(_machine.Limits.Int8Gops),
            Cell.Number(1e6 * _machine.DispatchSeconds));
    }

    // The median of the rounds, with the standard deviation of their rates.
    private static Cell Rate(double tokens, MeasuredConfiguration measured)
    {
        double rate = tokens / measured.Seconds;
        double[] rates = [.. measured.RoundSeconds.Select(s => tokens / s)];
        double mean = rates.Average();
        string spread = rates.Length > 1
            ? " ± " + Numbers.Short(Math.Sqrt(rates.Sum(r => (r - mean) * (r - mean)) / (rates.Length - 1)))
            : "";
        return Cell.Number(rate, Numbers.Short(rate) + spread);
    }

    private static Cell Factor(double? factor) => factor is { } f ? Cell.Number(f, Numbers.Short(f) + "x") : Cell.None;

    private static Cell Bytes(double bytes) => Cell.Number(bytes, Numbers.Bytes(bytes));

    private static string Signed(double share) => (share > 0 ? "+" : "") + Numbers.Percent(share);
}
