using System.Globalization;
using Inferometer.Core;
using Inferometer.Core.Deployments;
using Inferometer.Serving;
using Inferometer.Serving.Arrivals;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Costs;

namespace Inferometer.Simulation.Serving;

/// <summary>
/// Users who come and go instead of a batch that asks at once: the question of an estimate for a service. Lengths are those of the estimate
/// give or take a fifth, as users whose requests were all alike would keep step with each other for ever.
/// </summary>
/// <param name="Users">Users, each of whom asks again when answered; 0 = requests come at a rate.</param>
/// <param name="Rate">Requests a second, by Poisson; 0 = users ask.</param>
public sealed record UsersAsked(int Users, double Rate)
{
    /// <summary>The time that users begin over, seconds; null = that of one request.</summary>
    public double? RampSeconds { get; init; }

    /// <summary>Limits of what users bear, which goodput is counted by; null = none.</summary>
    public Slo? Slo { get; init; }

    /// <summary>What is asked, in words.</summary>
    public string Words => Users > 0
        ? string.Create(CultureInfo.InvariantCulture, $"{Users:#,0} {(Users == 1 ? "user" : "users")}")
        : string.Create(CultureInfo.InvariantCulture, $"{Rate:#,0.######} requests/s");

    /// <summary>Checks that a deployment is described as a service can be.</summary>
    /// <param name="config">The deployment.</param>
    /// <param name="option">What says that it is a service, for the error.</param>
    /// <exception cref="InferometerException">It has a batch, beams, or one phase alone.</exception>
    public static void Require(SimulationConfig config, string option)
    {
        ArgumentNullException.ThrowIfNull(config);
        string? fault = config switch
        {
            _ when config.SimulationParams.Int32("batch_size", 1) != 1 =>
                $"--batch: with {option} the scheduler makes the batch; leave it out",
            _ when config.SimulationParams.Int32("beam_size", 1) != 1 => $"--beams: {option} is simulated without beams",
            _ when !config.Features.Contains("prefill", StringComparer.Ordinal)
                || !config.Features.Contains("decode", StringComparer.Ordinal) => $"{option}: a service both reads prompts and generates",
            _ => null,
        };
        if (fault is not null)
        {
            throw new InferometerException(fault + ".");
        }
    }

    /// <summary>The requests, as many as tell what the load comes to.</summary>
    /// <param name="plan">The deployment, with the lengths of a request.</param>
    public TrafficOptions Traffic(ICostPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        Workload workload = plan.Request.Workload;
        TrafficOptions traffic = new()
        {
            Users = Users,
            RampSeconds = Users == 0
                ? 0
                : RampSeconds ?? UsualTraffic.RampSeconds(plan, Users, workload.InputTokens, workload.OutputTokens),
            Process = Rate > 0 ? ArrivalProcess.Parse("poisson", Rate) : null,
            Input = Around(workload.InputTokens - workload.CachedPrefixTokens),
            Output = Around(workload.OutputTokens),
            SharedPrefixTokens = workload.CachedPrefixTokens,
        };
        return traffic with { Requests = UsualTraffic.Requests(plan, traffic) };
    }

    /// <summary>How the deployment serves them: as its framework does.</summary>
    /// <param name="plan">The deployment.</param>
    /// <param name="traffic">What it is asked.</param>
    public ServingSimulationOptions Options(ICostPlan plan, TrafficOptions traffic)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return plan.Framework().OptionsFor(plan) with
        {
            WarmUp = WarmUp.Of(traffic),
            Recorder = new ServingRecorderOptions { Slo = Slo },
        };
    }

    private static LengthDistribution Around(int tokens)
    {
        int spread = tokens / 5;
        return LengthDistribution.Parse(string.Create(CultureInfo.InvariantCulture, $"uniform:{tokens - spread},{tokens + spread}"));
    }
}
