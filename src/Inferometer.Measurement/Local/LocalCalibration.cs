using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Inferometer.Core.Catalog;
using Inferometer.Core.Deployments;
using Inferometer.Core.Gguf;
using Inferometer.Core.Hardware;
using Inferometer.Cpu.Threading;
using Inferometer.Inference.Engine;
using Inferometer.Measurement.Ablation;
using Inferometer.Measurement.Diagnostics;
using Inferometer.Measurement.Load;
using Inferometer.ModelFiles;
using Inferometer.ModelFiles.Synthesis;
using Inferometer.Serving;
using Inferometer.Serving.Arrivals;
using Inferometer.Simulation;
using Inferometer.Simulation.Calibration;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Fitting;
using Inferometer.Simulation.Planning;
using Inferometer.Simulation.Serving;

namespace Inferometer.Measurement.Local;

/// <summary>
/// Calibrates predictions of the engine on the machine it runs on, in a minute or a few where it is not steady: the machine's limits, then
/// steps of small models with random weights, fitted as a device of the framework <c>inferometer</c>. Then workloads with other lengths and
/// users are predicted, by the serving simulation, and run. Nothing else should run on the machine meanwhile; what was measured while the
/// machine was slower than at other moments is measured again (<see cref="PaceReport"/>).
/// </summary>
public static class LocalCalibration
{
    /// <summary>Framework that the calibration is of.</summary>
    public const string Framework = "inferometer";

    private const double RuntimeBytes = 100e6; // the runtime, the program, its buffers
    private const ulong Seed = 1;
    private const int CacheTokens = 4096;
    private const string LimitsTitle = "limits of the machine";
    private const double MostLeftOut = 0.25; // of all stretches
    private static readonly TimeSpan BetweenReadings = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(0.25);

    // One of few large operators in two formats, one of many small ones, all larger than most caches; and one that fits into them. The
    // smallest comes last, as code is compiled anew for the first few seconds.
    private static readonly LocalModel[] Models =
        [new("wide", Wide, GgmlType.Q8_0), new("narrow", Narrow, GgmlType.Q8_0), new("wide", Wide, GgmlType.Q4_0),
            new("tiny", Tiny, GgmlType.Q8_0)];

    // Prompts and answers of all lengths, from one user to many: steps of all kinds.
    private static readonly TrafficOptions[] Loads =
    [
        Load(users: 1, input: (8, 560), output: (4, 24), requests: 8), Load(users: 3, input: (32, 400), output: (16, 40), requests: 9),
        Load(users: 6, input: (16, 200), output: (16, 32), requests: 18), Load(users: 14, input: (8, 100), output: (12, 28), requests: 42),
        Load(users: 2, input: (900, 1700), output: (8, 20), requests: 3),
    ];

    private static readonly LocalCheckOf[] Checks =
    [
        new(new("deep", Deep, GgmlType.Q8_0), Users: 1, InputTokens: 200, OutputTokens: 48),
        new(new("wide", Wide, GgmlType.Q4_0), Users: 6, InputTokens: 96, OutputTokens: 32),
        new(new("wide", Wide, GgmlType.Q8_0), Users: 3, InputTokens: 400, OutputTokens: 24),
        new(new("deep", Deep, GgmlType.Q4_0), Users: 12, InputTokens: 48, OutputTokens: 24),
    ];

    private static SyntheticShape Tiny =>
        new() { HiddenSize = 320, Layers = 6, Heads = 5, KvHeads = 5, FeedForwardSize = 832, VocabularySize = 4096 };

    private static SyntheticShape Narrow =>
        new() { HiddenSize = 640, Layers = 16, Heads = 10, KvHeads = 10, FeedForwardSize = 1664, VocabularySize = 16384 };

    private static SyntheticShape Wide =>
        new() { HiddenSize = 1280, Layers = 6, Heads = 20, KvHeads = 4, FeedForwardSize = 3584, VocabularySize = 16384 };

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
            using PaceProbe probe = new(threads);
            PaceGuard guard = new(probe.Read, token => Task.Delay(BetweenReadings, token));
            (Measured Value, PacedStretch Stretch)[] parts = LeaveOut(await guard.MeasureAsync<Measured>(
                [LimitsTitle, .. Models.SelectMany(m => Loads.Select(l => TitleOf(m, l)))], MeasureAsync, cancellationToken)
                .ConfigureAwait(false));
            (MachineLimits limits, double dispatch, DeviceCache? cache) = parts[0].Value.Limits!.Value;
            HardwareSystem machine = MachineOf(name, limits, dispatch, cache);
            Catalogs catalogs = Described(folder.FullName, machine);
            MeasuredStep[] steps = [.. Models.SelectMany((model, i) => StepSample.Of(
                model.Title, catalogs.CreateEngine().Prepare(ConfigOf(model.PathIn(folder.FullName), name, 1, 1, 1)).Request,
                [.. parts.Skip(1 + (i * Loads.Length)).Take(Loads.Length).Select(p => p.Value.Steps)]))];
            progress?.Report($"fit to {steps.Length} steps");
            double handOver = Math.Max(0, MetricSummary.Of([.. parts.SelectMany(p => p.Value.HandOvers)])!.P50);
            DeviceFit fit = DeviceFitter.Fit(name, CalibrationSet.BuiltIn, steps, handOver, cancellationToken);
            Catalogs calibrated = catalogs with { Calibration = CalibrationSet.BuiltIn.With(fit.Calibration) };
            IReadOnlyList<(LocalCheck Check, PacedStretch Stretch)> checks = await guard.MeasureAsync<LocalCheck>(
                [.. Checks.Select(c => $"check with {c.Model.Title}, {c.Users} {(c.Users == 1 ? "user" : "users")}")],
                async (pending, measure) =>
                {
                    foreach (int i in pending)
                    {
                        progress?.Report($"check with {Checks[i].Model.Title}");
                        await measure(i, () => CheckAsync(Checks[i], folder.FullName, threads, calibrated, name, cancellationToken))
                            .ConfigureAwait(false);
                    }
                },
                cancellationToken).ConfigureAwait(false);

            return new LocalCalibrationResult
            {
                Machine = new CatalogSystem(machine, []),
                Limits = limits,
                DispatchSeconds = dispatch,
                HandOverSeconds = handOver,
                Calibration = fit.Calibration,
                Steps = fit.Steps,
                Checks = [.. checks.Select(c => c.Check)],
                Pace = new PaceReport([.. parts.Select(p => p.Stretch), .. checks.Select(c => c.Stretch)], guard.Readings),
                Seconds = Stopwatch.GetElapsedTime(start).TotalSeconds,
            };
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        // Stretches of one model together, so that it is loaded once a round.
        async Task MeasureAsync(IReadOnlyList<int> pending, Func<int, Func<Task<Measured>>, Task> measure)
        {
            if (pending.Contains(0))
            {
                progress?.Report(LimitsTitle);
                await measure(0, () => Task.FromResult(new Measured { Limits = Limits(threads, cancellationToken) }))
                    .ConfigureAwait(false);
            }

            foreach (IGrouping<int, int> model in pending.Where(i => i > 0).GroupBy(i => (i - 1) / Loads.Length, i => i))
            {
                progress?.Report($"steps of {Models[model.Key].Title}");
                await MeasureModelAsync(
                    Models[model.Key], [.. model.Select(i => ((i - 1) % Loads.Length, i))], folder.FullName, threads, measure,
                    cancellationToken).ConfigureAwait(false);
            }
        }
    }

    // Stretches of slow spells do not count where most of the others are there; where they are many, all count, and it is said.
    private static (Measured Value, PacedStretch Stretch)[] LeaveOut(IReadOnlyList<(Measured Value, PacedStretch Stretch)> parts)
    {
        bool areFew = parts.Count(p => p.Stretch.IsSlow) <= MostLeftOut * parts.Count;
        return
        [
            .. parts.Select(p => areFew && p.Stretch.IsSlow && p.Value.Limits is null
                ? (new Measured(), p.Stretch with { IsLeftOut = true })
                : p),
        ];
    }

    private static string TitleOf(LocalModel model, TrafficOptions load) =>
        $"{model.Title}, {load.Users} {(load.Users == 1 ? "user" : "users")}";

    private static (MachineLimits Limits, double DispatchSeconds, DeviceCache? Cache) Limits(
        int threads, CancellationToken cancellationToken)
    {
        using WorkerPool pool = new(threads);
        return (
            MachineProbe.Measure(pool, cancellationToken: cancellationToken), MachineProbe.MeasureDispatch(pool),
            MachineProbe.MeasureCache(pool, cancellationToken));
    }

    // Products in 16 bits stand for what 8-bit integers reach too: shares of it are fitted, by format.
    private static HardwareSystem MachineOf(string name, MachineLimits limits, double dispatch, DeviceCache? cache)
    {
        HardwareSystem measured = MachineSystem.Of(limits, dispatch, halfGops: Math.Max(limits.FloatGops, limits.Int8Gops));
        return measured with
        {
            Name = name,
            Device = measured.Device with
            {
                Name = name,
                Cache = cache,
                Efficiency = measured.Device.Efficiency with { ReservedBytes = RuntimeBytes },
            },
            Sources = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["peak_tflops"] = string.Create(
                    CultureInfo.InvariantCulture, $"measured by 'inferometer calibrate --local' with {limits.Threads} threads"),
                ["memory"] = "bandwidth and cache measured by the same; size: what a process could take then",
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

    // Through the engine, with all it does for a request: every load once for the compiler and for memory's first touch, and once more.
    private static async Task MeasureModelAsync(
        LocalModel model, IReadOnlyList<(int Load, int Index)> stretches, string folder, int threads,
        Func<int, Func<Task<Measured>>, Task> measure, CancellationToken cancellationToken)
    {
        using TimedEngine engine =
            TimedEngine.Load(model.Write(folder, Seed, cancellationToken), threads, CacheTokens, cancellationToken);
        EngineTarget target = new(engine.Engine, model.Title);
        foreach ((int load, _) in stretches)
        {
            TrafficOptions all = Loads[load];
            await RunAsync(all with { Seed = 2, Requests = Math.Max(all.Users, all.Requests!.Value / 3) }).ConfigureAwait(false);
        }

        foreach ((int load, int index) in stretches)
        {
            await measure(index, async () =>
            {
                engine.TakeSteps();
                LoadResult result = await RunAsync(Loads[load]).ConfigureAwait(false);
                IReadOnlyList<TimedStep> steps = engine.TakeSteps();
                return new Measured { Steps = steps, HandOvers = Loads[load].Users == 1 ? [.. HandOvers(result, steps)] : [] };
            }).ConfigureAwait(false);
        }

        async Task<LoadResult> RunAsync(TrafficOptions load)
        {
            await target.PrepareAsync(cancellationToken).ConfigureAwait(false);
            return await new LoadGenerator(target, new LoadOptions()).RunAsync(new GeneratedArrivals(load), cancellationToken)
                .ConfigureAwait(false);
        }
    }

    // A single user's time to first token beside the steps that read the prompt: of each request in turn.
    private static IEnumerable<double> HandOvers(LoadResult result, IReadOnlyList<TimedStep> steps)
    {
        int at = 0;
        foreach (RequestTimeline request in result.Timelines)
        {
            double reading = 0;
            for (; at < steps.Count && steps[at].Prefill.Count > 0; at++)
            {
                reading += steps[at].Seconds;
            }

            while (at < steps.Count && steps[at].Prefill.Count == 0)
            {
                at++;
            }

            yield return request.Deliveries[0].Seconds - request.ArrivalSeconds - reading;
        }
    }

    private static TrafficOptions Load(int users, (int Least, int Most) input, (int Least, int Most) output, int requests) => new()
    {
        Users = users,
        Input = LengthDistribution.Parse($"uniform:{input.Least},{input.Most}"),
        Output = LengthDistribution.Parse($"uniform:{output.Least},{output.Most}"),
        Requests = requests,
        Seed = 1,
    };

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

    /// <summary>What a stretch gave.</summary>
    private sealed record Measured
    {
        public (MachineLimits Limits, double DispatchSeconds, DeviceCache? Cache)? Limits { get; init; }

        public IReadOnlyList<TimedStep> Steps { get; init; } = [];

        public IReadOnlyList<double> HandOvers { get; init; } = [];
    }

    private sealed record LocalCheckOf(LocalModel Model, int Users, int InputTokens, int OutputTokens);
}
