using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Inferometer.Cli.Models;
using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.Core.Models;
using Inferometer.Measurement.Diagnostics;

namespace Inferometer.Cli.Benchmarks;

/// <summary>Results as a table with llama-bench's columns for people and its field names for machines.</summary>
internal sealed class BenchReport
{
    private readonly ModelLocation _location;
    private readonly ModelFileContents _contents;
    private readonly ModelArchitecture _architecture;
    private readonly string _modelName;
    private readonly Table _table = new(
        "results",
        null,
        Column.Text("model", "model_type"),
        Column.Text("", "model_filename") with { Audience = Audience.Machines },
        Column.Number("size", "model_size"),
        Column.Number("params", "model_n_params"),
        Column.Text("backend", "backends"),
        Column.Text("", "cpu_info") with { Audience = Audience.Machines },
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
        Column.Number("of limit", "limit_share"),
        Column.Number("", "limit_ts") with { Audience = Audience.Machines },
        Column.Number("", "probe_read_gbps") with { Audience = Audience.Machines },
        Column.Number("", "probe_float_gops") with { Audience = Audience.Machines },
        Column.Number("", "probe_int8_gops") with { Audience = Audience.Machines });

    public BenchReport(ModelLocation location, ModelArchitecture architecture)
    {
        _location = location;
        _architecture = architecture;
        _contents = ModelFileContents.Read(location);
        _modelName = $"{architecture.ModelType} {Numbers.Count(_contents.Parameters).Replace(" ", "", StringComparison.Ordinal)} {_contents.MainType}";
    }

    public Document Document => new(_table);

    /// <summary>Bytes of all tensors.</summary>
    public long WeightBytes => _contents.TensorBytes;

    /// <summary>The widest vectors the kernels use here.</summary>
    public static string Backend =>
        Vector512.IsHardwareAccelerated ? "CPU, managed, 512 bit" : Vector256.IsHardwareAccelerated ? "CPU, managed, 256 bit" : "CPU, managed, 128 bit";

    /// <summary>Adds a test's row.</summary>
    /// <param name="samples">Its times.</param>
    /// <param name="kv">How keys and values are cached.</param>
    /// <param name="flash">Attention in tiles.</param>
    /// <param name="limits">What the machine could do just before, with as many threads.</param>
    public void Add(BenchSamples samples, KvArgument kv, bool flash, MachineLimits limits)
    {
        BenchTest test = samples.Test;
        double limit = new TestLimit(_architecture, _contents.TensorBytes, _contents.Groups[0].Type, kv, limits).Rate(test);
        double mean = samples.MeanRate;
        int decimals = mean < 10 ? 3 : 2;
        string rate = string.Create(CultureInfo.InvariantCulture, $"{mean.ToString("F" + decimals, CultureInfo.InvariantCulture)} ± {samples.RateDeviation.ToString("F" + decimals, CultureInfo.InvariantCulture)}");
        _table.Add(
            _modelName, _location.Name, Cell.Number(_contents.FileBytes, Mebibytes(_contents.FileBytes)), Cell.Number(_contents.Parameters, Numbers.Count(_contents.Parameters)),
            Backend, Processor(), RuntimeInformation.FrameworkDescription, limits.Threads, kv.Name, flash, BenchRunner.StepTokens,
            test.PromptTokens, test.GeneratedTokens, test.Depth, test.Sequences,
            DateTimeOffset.UtcNow.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
            test.Name, Cell.Number(mean, rate), Cell.Number(samples.RateDeviation), Cell.Number(1e9 * samples.MeanSeconds), Cell.Number(1e9 * samples.SecondsDeviation),
            Cell.List([.. samples.Seconds.Select(s => (1e9 * s).ToString("F0", CultureInfo.InvariantCulture))]),
            Cell.Share(mean / limit), Cell.Number(limit), Cell.Number(limits.ReadGBps), Cell.Number(limits.FloatGops), Cell.Number(limits.Int8Gops));
    }

    private static string Mebibytes(long bytes) => bytes < 1L << 30
        ? string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 20):0.00} MiB")
        : string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 30):0.00} GiB");

    /// <summary>Name of the processor.</summary>
    public static string Processor()
    {
        const string path = "/proc/cpuinfo";
        string? line = File.Exists(path) ? File.ReadLines(path).FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal)) : null;
        return line?.Split(':', 2)[1].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}
