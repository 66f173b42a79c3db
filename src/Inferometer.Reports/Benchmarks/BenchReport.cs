using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using Inferometer.Cpu.Kernels.Emitted;
using Inferometer.History.Records;
using Inferometer.Measurement.Benchmarks;
using Inferometer.Measurement.Diagnostics;
using Inferometer.Measurement.Models;
using Inferometer.Reports.Documents;

namespace Inferometer.Reports.Benchmarks;

/// <summary>Results as a table with llama-bench's columns for people and its field names for machines.</summary>
public sealed class BenchReport
{
    private const int CommitDigits = 8;

    private readonly BenchRequest _request;
    private readonly string _modelName;
    private readonly string? _covers;
    private readonly Table _table = new(
        "results",
        null,
        Column.Text("", "build_commit") with { Audience = Audience.Machines },
        Column.Text("model", "model_type"),
        Column.Text("", "model_filename") with { Audience = Audience.Machines },
        Column.Number("size", "model_size"),
        Column.Number("params", "model_n_params"),
        Column.Text("backend", "backends"),
        Column.Text("", "cpu_info") with { Audience = Audience.Machines },
        Column.Text("", "gpu_info") with { Audience = Audience.Machines },
        Column.Text("", "runtime") with { Audience = Audience.Machines },
        Column.Number("threads", "n_threads"),
        Column.Text("", "type_kv") with { Audience = Audience.Machines },
        Column.Text("", "flash_attn") with { Audience = Audience.Machines },
        Column.Number("", "n_batch") with { Audience = Audience.Machines },
        Column.Number("", "n_prompt") with { Audience = Audience.Machines },
        Column.Number("", "n_gen") with { Audience = Audience.Machines },
        Column.Number("", "n_depth") with { Audience = Audience.Machines },
        Column.Number("", "n_sequences") with { Audience = Audience.Machines },
        Column.Text("", "test_time") with { Audience = Audience.Machines },
        Column.Number("test", "test"),
        Column.Number("t/s", "avg_ts"),
        Column.Number("", "stddev_ts") with { Audience = Audience.Machines },
        Column.Number("", "avg_ns") with { Audience = Audience.Machines },
        Column.Number("", "stddev_ns") with { Audience = Audience.Machines },
        Column.Text("", "samples_ns") with { Audience = Audience.Machines },
        Column.Text("", "samples_ts") with { Audience = Audience.Machines },
        Column.Number("of limit", "limit_share"),
        Column.Number("J/t", "joules_per_token"),
        Column.Number("", "watts") with { Audience = Audience.Machines },
        Column.Number("", "limit_ts") with { Audience = Audience.Machines },
        Column.Number("", "probe_read_gbps") with { Audience = Audience.Machines },
        Column.Number("", "probe_float_gops") with { Audience = Audience.Machines },
        Column.Number("", "probe_int8_gops") with { Audience = Audience.Machines });

    /// <summary>Writes the rows.</summary>
    /// <param name="request">What was timed.</param>
    /// <param name="results">The tests as they were timed.</param>
    public BenchReport(BenchRequest request, IReadOnlyList<BenchResult> results)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(results);
        _request = request;
        string parameters = Numbers.Count(request.Model.Parameters).Replace(" ", "", StringComparison.Ordinal);
        _modelName = $"{request.Model.Architecture.ModelType} {parameters} {request.Model.MainType}";
        foreach (BenchResult result in results)
        {
            Add(result);
            _covers ??= result.Samples.Energy?.Covers;
        }
    }

    /// <summary>The table.</summary>
    public Document Document => new(_table);

    /// <summary>The table and what it says of energy, for people; a column of energy only where it was measured.</summary>
    public Document Page => _request.Energy is not { } meter
        ? Document
        : meter.Refusal is { } refusal
            ? new(_table.WithoutForPeople("joules_per_token"), Energy($"Energy is not measured: {refusal}."))
            : new(_table, Energy(
                "J/t: joules per token of all that is counted on this machine over the repetitions, idle power included "
                    + $"({_covers ?? "a counter could not be read"})."));

    /// <summary>The widest vectors the kernels use here, and what they multiply bytes with where that differs among processors.</summary>
    public static string Backend =>
        TileKernels.IsSupported
            ? "CPU, managed, 512 bit, AMX"
            : EmittedKernels.IsSupported ? "CPU, managed, 512 bit, VNNI"
            : Vector512.IsHardwareAccelerated ? "CPU, managed, 512 bit"
            : Vector256.IsHardwareAccelerated ? "CPU, managed, 256 bit"
            : !Vector128.IsHardwareAccelerated ? "CPU, managed, no vectors"
            : Dp.IsSupported ? "CPU, managed, 128 bit, dot product"
            : "CPU, managed, 128 bit";

    // As long as git shows one; the version where the build has none.
    private static string Commit { get; } =
        (typeof(BenchReport).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown")
            .Split('+') is [_, { Length: >= CommitDigits } commit, ..]
                ? commit[..CommitDigits]
                : typeof(BenchReport).Assembly.GetName().Version?.ToString() ?? "unknown";

    private static string BackendOf(BenchRequest request) =>
        request.Device is { } device ? $"GPU, managed, {device.DeviceName}" : Backend;

    private static Sentences Energy(string sentence) => new("energy", null, [sentence]) { Bulleted = false };

    private void Add(BenchResult result)
    {
        StoredModel model = _request.Model;
        BenchSamples samples = result.Samples;
        BenchTest test = samples.Test;
        MachineLimits? limits = result.Limits;
        string decimals = samples.MeanRate < 10 ? "F3" : "F2";
        string rate = samples.MeanRate.ToString(decimals, CultureInfo.InvariantCulture)
            + " ± " + samples.RateDeviation.ToString(decimals, CultureInfo.InvariantCulture);
        _table.Add(
            Commit, _modelName, model.Name, Cell.Number(model.FileBytes, Mebibytes(model.FileBytes)),
            Cell.Number(model.Parameters, Numbers.Count(model.Parameters)), BackendOf(_request), Processor(),
            _request.Device?.DeviceName ?? "", RuntimeInformation.FrameworkDescription,
            limits is null ? Cell.None : limits.Threads, _request.Cache.Name, _request.FlashAttention, BenchRunner.StepTokens,
            test.PromptTokens, test.GeneratedTokens, test.Depth, test.Sequences,
            DateTimeOffset.UtcNow.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
            test.Name, Cell.Number(samples.MeanRate, rate), Cell.Number(samples.RateDeviation),
            Cell.Number(1e9 * samples.MeanSeconds), Cell.Number(1e9 * samples.SecondsDeviation),
            Cell.List([.. samples.Seconds.Select(s => Math.Round(1e9 * s))]), Cell.List(samples.Rates),
            result.LimitRate is { } limit ? Cell.Share(samples.MeanRate / limit) : Cell.None,
            Cell.Number(samples.JoulesPerToken), Cell.Number(samples.Energy?.Watts), Cell.Number(result.LimitRate),
            Cell.Number(limits?.ReadGBps), Cell.Number(limits?.FloatGops), Cell.Number(limits?.Int8Gops));
    }

    private static string Mebibytes(long bytes) => bytes < 1L << 30
        ? string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 20):0.00} MiB")
        : string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 30):0.00} GiB");

    /// <summary>Name of the processor.</summary>
    public static string Processor() => RunMachine.ProcessorName();
}
