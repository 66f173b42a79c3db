using System.Globalization;
using Inferometer.Core.Catalog;
using Inferometer.Serving.Arrivals;
using Inferometer.Simulation;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Serving;

namespace Inferometer.Benchmarks.Simulation;

/// <summary>
/// Simulated output tokens a second of processor time, of a 7B under load: steps in one go, the same one by one, and a plain
/// event loop. Verb <c>serving-quick</c>; an argument gives the number of requests.
/// </summary>
internal static class ServingReportBench
{
    public static void Run(int requests)
    {
        ICostPlan plan = new SimulationEngine().Prepare(new SimulationConfig
        {
            Model = "llama2_7b",
            Features = ["prefill", "decode", "flash_attention"],
            SimulationParams =
                new ParameterBag(new System.Text.Json.Nodes.JsonObject { ["system_name"] = "h100", ["batch_size"] = 1 }, "parameters"),
        });
        (string Name, double Rate, string Input, string Output)[] cases =
        [
            ("chat", 12, "lognormal:512,400", "lognormal:256,200"),
            ("long answers", 2, "256", "2048"),
            ("full", 30, "256", "256"),
            ("light", 1, "512", "256"),
        ];
        foreach ((string name, double rate, string input, string output) in cases)
        {
            GeneratedArrivals Source() => new(new TrafficOptions
            {
                Process = ArrivalProcess.Parse("poisson", rate),
                Input = LengthDistribution.Parse(input),
                Output = LengthDistribution.Parse(output),
                Requests = requests,
            });
            ServingSimulationOptions options = FrameworkCatalog.Usual.OptionsFor(plan.Request.System.Device, 100_000);
            ServingSimulation.Serve(Source(), plan, options); // warm
            long bytes = GC.GetAllocatedBytesForCurrentThread();
            (ServiceResult ahead, double aheadSeconds) = Timed(() => ServingSimulation.Serve(Source(), plan, options));
            bytes = GC.GetAllocatedBytesForCurrentThread() - bytes;
            (_, double singleSeconds) = Timed(() => ServingSimulation.Serve(Source(), plan, options with { RepeatSteps = false }));
            int blocks = ServingSimulation.BlocksThatFit(plan, options);
            ((PlainEventLoop plain, double end), double plainSeconds) = Timed(() =>
            {
                PlainEventLoop loop = new(
                    plan, options.Scheduler.MaxSequences, options.Scheduler.MaxTokensPerStep, blocks, options.BlockSize);
                return (loop, loop.Run(Source()));
            });
            long tokens = ahead.Load.OutputTokens;

            // The plain loop knows of no prefixes, of which preempted requests find their own again, and of nothing beside steps.
            ServiceResult counted = ServingSimulation.Serve(
                Source(), plan, options with { PrefixCaching = false, Coefficients = ServiceCoefficients.None });
            double span = end - counted.Load.DurationSeconds; // from the first arrival on, which is small beside it
            bool isEqual = plain.Tokens == counted.Load.OutputTokens && plain.Steps == counted.Load.Steps && Math.Abs(span) < 0.001 * end;
            string same = isEqual ? "equal" : string.Create(
                CultureInfo.InvariantCulture,
                $"DIFFERENT: {plain.Steps} steps for {counted.Load.Steps}, {end:F3} s for {counted.Load.DurationSeconds:F3}, "
                    + $"{plain.Preemptions} preempted");
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{name,-13} batch {ahead.Load.MeanBatch,5:F1}: {tokens / aheadSeconds / 1e6,7:F2} M tokens/s "
                    + $"({requests / aheadSeconds,9:#,0} requests/s, "
                    + $"{(double)bytes / requests,7:#,0} bytes each); one by one {tokens / singleSeconds / 1e6,6:F2}, plain loop "
                        + $"{tokens / plainSeconds / 1e6,6:F2}: x{plainSeconds / aheadSeconds:F1}, {same}"));
        }
    }

    // Processor time of the process, all of its threads: what else runs on the machine does not count.
    private static (T Result, double Seconds) Timed<T>(Func<T> run)
    {
        T result = default!;
        double best = double.PositiveInfinity;
        for (int i = 0; i < 2; i++)
        {
            TimeSpan begin = Environment.CpuUsage.TotalTime;
            result = run();
            best = Math.Min(best, (Environment.CpuUsage.TotalTime - begin).TotalSeconds);
        }

        return (result, best);
    }
}
