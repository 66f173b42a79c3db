using System.Diagnostics;
using Inferometer.Cli;
using Inferometer.Measurement.Load;
using Inferometer.Measurement.Local;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Planning;
using Inferometer.Simulation.Serving;

namespace Inferometer.Benchmarks.Fidelity;

/// <summary>
/// Workloads down both arms: the engine of this process under a load, and what is predicted for the same requests after
/// <c>calibrate --local</c>, whose models, lengths and batches are other ones. Verb <c>two-arms FOLDER [FILTER] [--rounds N] [--steps]</c>;
/// the folder keeps calibration and models between runs.
/// </summary>
internal static class TwoArms
{
    private const string Machine = "this_machine";
    private const int CacheTokens = 8192;
    private static readonly TimeSpan s_compiling = TimeSpan.FromSeconds(3);

    public static async Task<int> RunAsync(ArmOptions options)
    {
        if (!Directory.Exists(Path.Combine(options.Folder, "calibration")))
        {
            int code = await InferometerCommand.RunAsync(
                ["calibrate", "--local", "--catalog", options.Folder], Console.Out, Console.Error, CancellationToken.None);
            if (code != 0)
            {
                return code;
            }
        }

        ArmModels models = new(Path.Combine(options.Folder, "models"));
        List<ArmResult> results = [];
        foreach (IGrouping<string, ArmWorkload> group in ArmWorkload.Judged
            .Where(w => w.Title.Contains(options.Filter, StringComparison.OrdinalIgnoreCase)).GroupBy(w => w.Model, StringComparer.Ordinal))
        {
            string path = models.PathOf(group.Key);
            ICostPlan plan = PlanOf(path, options.Folder);
            using TimedEngine engine = TimedEngine.Load(path, cacheTokens: CacheTokens);
            EngineTarget target = new(engine.Engine, group.Key);
            for (long begin = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begin) < s_compiling;)
            {
                await RunAsync(target, group.First() with { Requests = Math.Max(2, group.First().Users) });
            }

            // By turns, so that what drifts on the machine meets all workloads alike.
            for (int round = 0; round < options.Rounds; round++)
            {
                foreach (ArmWorkload workload in group)
                {
                    results.Add(await RunAsync(engine, target, plan, workload, options.ShowsSteps));
                }
            }
        }

        ArmResult.PrintMedians(results);
        return 0;
    }

    private static async Task<ArmResult> RunAsync(
        TimedEngine engine, EngineTarget target, ICostPlan plan, ArmWorkload workload, bool showsSteps)
    {
        // Memory is first touched on the way, as in a service that has run for a while.
        await RunAsync(target, workload with { Requests = Math.Max(Math.Max(2, workload.Users), workload.Requests / 3) });
        engine.TakeSteps();
        ThreadTimes before = ThreadTimes.Now();
        LoadResult measured = await RunAsync(target, workload);
        ThreadTimes after = ThreadTimes.Now();
        IReadOnlyList<TimedStep> timed = engine.TakeSteps();
        ServingSimulationOptions options = Options(plan);
        ArmResult result = new(
            workload, Predict(plan), Predict(new PlanAsItRan(plan, timed)).Predicted!);
        Console.WriteLine(result.Row);
        if (showsSteps)
        {
            StepErrors.Print(timed, plan);
            StepErrors.PrintWays(measured.Timelines, timed);
            Console.WriteLine($"    threads: {after.Since(before)}");
        }

        return result;

        LoadComparison Predict(ICostPlan by) => LoadComparison.Of(
            measured, by, options, workload.Users > 0 ? workload.Source() : null, CancellationToken.None);
    }

    private static async Task<LoadResult> RunAsync(EngineTarget target, ArmWorkload workload)
    {
        await target.PrepareAsync(CancellationToken.None);
        return await new LoadGenerator(target, new LoadOptions()).RunAsync(workload.Source());
    }

    private static ServingSimulationOptions Options(ICostPlan plan) => plan.Framework().OptionsFor(plan);

    private static ICostPlan PlanOf(string path, string catalog) => Catalogs.From(catalog).CreateEngine().Prepare(new SimulationConfig
    {
        Model = path,
        Features = ["prefill", "decode", "flash_attention"],
        SimulationParams = new ParameterBag(
            new System.Text.Json.Nodes.JsonObject { ["system_name"] = Machine, ["framework"] = "inferometer", ["batch_size"] = 1 },
            "two-arms"),
    });
}
