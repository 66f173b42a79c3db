using System.Diagnostics;
using System.Globalization;
using Inferometer.Planning;
using Inferometer.Planning.Demand;
using Inferometer.Serving;
using Inferometer.Serving.Arrivals;
using Inferometer.Simulation.Planning;

namespace Inferometer.Benchmarks.Planning;

/// <summary>
/// A whole plan over every priced system of the catalog, timed: 200 users, 2,048 tokens in, 256 out, TTFT below 500 ms, TPOT below 40 ms.
/// The first run compiles; the others are what a service that plans again and again sees. Aim: 5,000 deployments in 10 s on two cores.
/// </summary>
internal static class PlanReport
{
    private const int Runs = 3;

    public static void Run(string model)
    {
        PlanRequest request = new()
        {
            Model = model,
            Demand = new ServiceDemand
            {
                Users = 200,
                Input = ServiceDemand.Around(LengthDistribution.Fixed(2048)),
                Output = ServiceDemand.Around(LengthDistribution.Fixed(256)),
            },
            Level = ServiceLevel.Of(Slo.Parse("ttft<500ms,tpot<40ms"), 90),
        };
        Planner planner = new(Catalogs.From(null));
        for (int run = 0; run < Runs; run++)
        {
            using Process self = Process.GetCurrentProcess();
            TimeSpan before = self.TotalProcessorTime;
            Stopwatch watch = Stopwatch.StartNew();
            PlanResult plan = planner.Plan(request);
            double seconds = watch.Elapsed.TotalSeconds;
            self.Refresh();
            double busy = (self.TotalProcessorTime - before).TotalSeconds;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{plan.Model}: {plan.Deployments:#,0} deployments, {plan.Simulations} simulations of the search, {seconds:0.00} s, "
                    + $"{busy:0.00} s of processor time, {plan.Deployments / seconds:#,0} deployments/s"));
        }
    }
}
