using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Inferometer.Core.Catalog;
using Inferometer.Core.Deployments;
using Inferometer.Core.Gguf;
using Inferometer.Core.Hardware;
using Inferometer.Cpu.Kernels.Attention;
using Inferometer.Cpu.Threading;
using Inferometer.Cpu.Weights;
using Inferometer.Inference.Engine;
using Inferometer.Measurement.Ablation;
using Inferometer.Measurement.Benchmarks;
using Inferometer.Measurement.Diagnostics;
using Inferometer.Measurement.Models;
using Inferometer.ModelFiles;
using Inferometer.ModelFiles.Synthesis;
using Inferometer.Serving.Arrivals;
using Inferometer.Simulation;
using Inferometer.Simulation.Calibration;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Fitting;
using Inferometer.Simulation.Planning;
using Inferometer.Simulation.Requests;
using Inferometer.Simulation.Serving;

namespace Inferometer.Measurement.Local;

/// <summary>
/// Calibrates predictions of the engine on the machine it runs on, in less than a minute: the machine's limits, then steps of small
/// models with random weights, fitted as a device of the framework <c>inferometer</c>. Then workloads with other lengths and users are
/// predicted, by the serving simulation, and run. Nothing else should run on the machine meanwhile.
/// </summary>
public static class LocalCalibration
{
    /// <summary>Framework that the calibration is of.</summary>
    public const string Framework = "inferometer";

    private const double RuntimeBytes = 100e6; // the runtime, the program, its buffers
    private const ulong Seed = 1;
    private const int Repetitions = 3;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(0.25);

    // All exceed most caches, as models that people run do: one of many small operators, one of few large ones in two formats.
    private static readonly LocalModel[] Models =
        [new("narrow", Narrow, GgmlType.Q8_0), new("wide", Wide, GgmlType.Q8_0), new("wide", Wide, GgmlType.Q4_0)];

    private static readonly BenchTest[] Tests =
    [
        new(16, 0, 0, 1), new(128, 0, 0, 1), new(512, 0, 0, 1), new(256, 0, 768, 1),
        new(0, 12, 0, 1), new(0, 8, 0, 4), new(0, 6, 0, 16), new(0, 8, 1024, 1), new(0, 6, 512, 8),
    ];

    private static readonly LocalCheckOf[] Checks =
    [
        new(new("deep", Deep, GgmlType.Q8_0), Users: 1, InputTokens: 200, OutputTokens: 48),
        new(new("wide", Wide, GgmlType.Q4_0), Users: 6, InputTokens: 96, OutputTokens: 32),
        new(new("wide", Wide, GgmlType.Q8_0), Users: 3, InputTokens: 400, OutputTokens: 24),
        new(new("deep", Deep, GgmlType.Q4_0), Users: 12, InputTokens: 48, OutputTokens: 24),
    ];

    private static SyntheticShape Narrow =>
        new() { HiddenSize = 512, Layers = 14, Heads = 8, KvHeads = 2, FeedForwardSize = 1408, VocabularySize = 8192 };

    private static SyntheticShape Wide =>
        new() { HiddenSize = 1024, Layers = 5, Heads = 16, KvHeads = 4, FeedForwardSize = 2816, VocabularySize = 8192 };

    private static SyntheticShape Deep =>
        new() { HiddenSize = 640, Layers = 12, Heads = 10, KvHeads = 5, FeedForwardSize = 1792, VocabularySize = 8192 };

    /// <summary>Measures, fits and checks.</summary>
    /// <param name="name">What the machine is called.</param>
    /// <param name="threads">Worker threads, at least 1.</param>
    /// <param name="progress">Told what is being done; null = nobody.</param>
    /// <param name="cancellationToken">Stops between steps.</param>
    public static async Task<LocalCalibrationResult> RunAsync(
        string name, int threads, IProgress<string>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        long start = Stopwatch.GetTimestamp();
        DirectoryInfo folder = Directory.CreateTempSubdirectory("inferometer-calibrate-");
        try
        {
            progress?.Report("limits of the machine");
            (MachineLimits limits, double dispatch) = Limits(threads, cancellationToken);
            HardwareSystem machine = MachineOf(name, limits, dispatch);
            Catalogs catalogs = Described(folder.FullName, machine);
            List<RateRun> runs = [];
            foreach (LocalModel model in Models)
            {
                progress?.Report($"steps of {model.Title}");
                runs.AddRange(Measured(model, folder.FullName, threads, catalogs, name, cancellationToken));
            }

            DeviceFit fit = DeviceFitter.Fit(name, CalibrationSet.BuiltIn, runs, cancellationToken);
            Catalogs calibrated = catalogs with { Calibration = CalibrationSet.BuiltIn.With(fit.Calibration) };
            List<LocalCheck> checks = [];
            foreach (LocalCheckOf check in Checks)
            {
                progress?.Report($"check with {check.Model.Title}");
                checks.Add(await CheckAsync(check, folder.FullName, threads, calibrated, name, cancellationToken).ConfigureAwait(false));
            }

            return new LocalCalibrationResult
            {
                Machine = new CatalogSystem(machine, []),
                Limits = limits,
                DispatchSeconds = dispatch,
                Calibration = fit.Calibration,
                Rates = fit.Rates,
                Checks = checks,
                Seconds = Stopwatch.GetElapsedTime(start).TotalSeconds,
            };
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static (MachineLimits Limits, double DispatchSeconds) Limits(int threads, CancellationToken cancellationToken)
    {
        using WorkerPool pool = new(threads);
        return (MachineProbe.Measure(pool, cancellationToken: cancellationToken), MachineProbe.MeasureDispatch(pool));
    }

    // Products in 16 bits stand for what 8-bit integers reach too: shares of it are fitted, by format.
    private static HardwareSystem MachineOf(string name, MachineLimits limits, double dispatch)
    {
        HardwareSystem measured = MachineSystem.Of(limits, dispatch, halfGops: Math.Max(limits.FloatGops, limits.Int8Gops));
        return measured with
        {
            Name = name,
            Device = measured.Device with
            {
                Name = name,
                Efficiency = measured.Device.Efficiency with { ReservedBytes = RuntimeBytes },
            },
            Sources = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["peak_tflops"] = string.Create(
                    CultureInfo.InvariantCulture, $"measured by 'inferometer calibrate --local' with {limits.Threads} threads"),
                ["memory"] = "bandwidth measured by the same; size: what a process could take then",
            },
        };
    }

    private static Catalogs Described(string folder, HardwareSystem machine)
    {
        string hardware = Path.Combine(folder, "hardware");
        Directory.CreateDirectory(hardware);
        File.WriteAllText(Path.Combine(hardware, "machine.json"), new CatalogSystem(machine, []).ToJson().ToJsonString());
        return Catalogs.From(folder);
    }

    private static List<RateRun> Measured(
        LocalModel model, string folder, int threads, Catalogs catalogs, string machine, CancellationToken cancellationToken)
    {
        string path = model.Write(folder, Seed, cancellationToken);
        StoredModel stored = StoredModel.Read(Checkpoint.Open(path));
        EstimateRequest request = catalogs.CreateEngine().Prepare(ConfigOf(path, machine, 1, 1, 1)).Request;
        IReadOnlyList<BenchResult> results = BenchRun.Measure(
            new BenchRequest
            {
                Model = stored,
                Tests = Tests,
                Threads = [threads],
                Repetitions = Repetitions,
                WarmUp = WarmUp,
                Cache = new BenchCache(KvElement.F16, null),
                RepackedFile = RepackedFileUse.Ignore,
            },
            cancellationToken: cancellationToken);
        return [.. results.Select(result => RunOf(model, result.Samples, request))];
    }

    // The best repetition: on a machine that does other things too, whatever is slower was held up.
    private static RateRun RunOf(LocalModel model, BenchSamples samples, EstimateRequest request)
    {
        BenchTest test = samples.Test;
        bool prompt = test.PromptTokens > 0;
        return new RateRun
        {
            Id = $"{model.Title}, {test.Name}",
            Request = request,
            IsPrompt = prompt,
            Sequences = test.Sequences,
            DepthTokens = test.Depth,
            Tokens = prompt ? test.PromptTokens : test.GeneratedTokens,
            TokensPerSecond = samples.Rates.Max(),
        };
    }

    private static async Task<LocalCheck> CheckAsync(
        LocalCheckOf check, string folder, int threads, Catalogs catalogs, string machine, CancellationToken cancellationToken)
    {
        string path = check.Model.Write(folder, Seed, cancellationToken);
        SimulationEngine simulator = catalogs.CreateEngine();
        ICostPlan plan = simulator.Prepare(ConfigOf(path, machine, check.Users, check.InputTokens, check.OutputTokens));
        double predicted = Predict(plan, check);
        Workload workload = new() { BatchSize = check.Users, InputTokens = check.InputTokens, OutputTokens = check.OutputTokens };
        WorkloadSample sample = await WorkloadRun.MeasureAsync(
            Checkpoint.Open(path), new InferenceOptions { Threads = threads },
            OptimizationConfiguration.Of(new InferenceOptions()), workload, WarmUp, cancellationToken).ConfigureAwait(false);
        return new LocalCheck(
            check.Model.Title, check.Model.Type.ToString().ToLowerInvariant(), check.Users, check.InputTokens, check.OutputTokens,
            predicted,
            sample.Seconds);
    }

    // All requests are there at once, as in the measurement.
    private static double Predict(ICostPlan plan, LocalCheckOf check)
    {
        ArrivalTrace trace = new(Enumerable.Range(0, check.Users).Select(_ => new Arrival
        {
            Seconds = 0,
            InputTokens = check.InputTokens,
            OutputTokens = check.OutputTokens,
        }));
        int longest = check.InputTokens + check.OutputTokens;
        ServingSimulationOptions options = plan.Framework().OptionsFor(plan.Request.System.Device, longest) with { KeepOutcomes = true };
        return ServingSimulation.Serve(trace.ToSource(), plan, options).Outcomes.Max(o => o.FinishSeconds);
    }

    private static SimulationConfig ConfigOf(string path, string machine, int users, int input, int output) => new()
    {
        Model = path,
        Features = ["prefill", "decode", "flash_attention"],
        SimulationParams = new ParameterBag(
            new JsonObject
            {
                ["system_name"] = machine,
                ["framework"] = Framework,
                ["batch_size"] = users,
                ["input_tokens"] = input,
                ["output_tokens"] = output,
                ["cost_model"] = "calibrated",
            },
            "calibrate --local"),
    };

    private sealed record LocalCheckOf(LocalModel Model, int Users, int InputTokens, int OutputTokens);
}
