using Inferometer.Core;
using Inferometer.Serving;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Serving;

namespace Inferometer.Measurement.Explanation;

/// <summary>
/// What a service does under a load, simulated, with its mean times as sums of parts.
/// </summary>
public sealed record ServiceForecast
{
    private const double Milliseconds = 1000;

    private ServiceForecast()
    {
    }

    /// <summary>The simulation.</summary>
    public required ServiceResult Result { get; init; }

    /// <summary>Mean time to first token, milliseconds.</summary>
    public required double TtftMs { get; init; }

    /// <summary>Mean time per output token after the first, milliseconds; null where one token is generated.</summary>
    public double? TpotMs { get; init; }

    /// <summary>Mean time of a whole request, milliseconds.</summary>
    public required double EndToEndMs { get; init; }

    /// <summary>What makes up the time to first token; empty where it was not taken apart.</summary>
    public IReadOnlyList<TimePart> FirstToken { get; init; } = [];

    /// <summary>Of the time to first token what requests wait for others, milliseconds; 0 where it was not taken apart.</summary>
    internal double QueueMs => FirstToken.Where(p => p.Key.EndsWith("_queue", StringComparison.Ordinal)).Sum(p => p.Milliseconds);

    /// <summary>What makes up the time per output token; empty where it was not taken apart.</summary>
    public IReadOnlyList<TimePart> PerToken { get; init; } = [];

    /// <summary>What the cost model knows of such cases; null where it does not say.</summary>
    public EstimateBasis? Basis { get; init; }

    /// <summary>
    /// Where nine tenths of measured means are expected around the time to first token, milliseconds; null without a basis.
    /// </summary>
    public Interval? TtftIntervalMs => Basis is { } b ? EstimateBasis.NineTenths(b.TimeToFirstToken, TtftMs) : null;

    /// <summary>The same for the time per output token.</summary>
    public Interval? TpotIntervalMs => Basis is { } b && TpotMs is { } ms ? EstimateBasis.NineTenths(b.TimePerOutputToken, ms) : null;

    /// <summary>The same for the whole request.</summary>
    public Interval? EndToEndIntervalMs => Basis is { } b ? EstimateBasis.NineTenths(b.EndToEnd, EndToEndMs) : null;

    /// <summary>Forecasts.</summary>
    /// <param name="plan">The deployment of a replica.</param>
    /// <param name="asked">What is asked.</param>
    /// <param name="options">How the service is run; its warm-up is that of what is asked.</param>
    /// <param name="apart">Takes the times apart, which takes longer.</param>
    /// <param name="cancellationToken">Ends the simulation.</param>
    /// <param name="slowness">Every step takes so many times as long, above 0.</param>
    /// <exception cref="InferometerException">The deployment does not fit, or nothing was served.</exception>
    public static ServiceForecast Of(
        ICostPlan plan, ServiceTraffic asked, ServingSimulationOptions options, bool apart, CancellationToken cancellationToken,
        double slowness = 1)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(asked);
        ArgumentNullException.ThrowIfNull(options);
        ICostPlan priced = slowness == 1 ? plan : new SlowedPlan(plan, slowness);
        ServiceTimes? times = apart ? new ServiceTimes(priced, options) : null;
        ServiceResult result = ServingSimulation.Serve(
            asked.Source(), priced, options with
            {
                WarmUp = asked.WarmUp,
                Observer = times,
            }, cancellationToken);
        ServingReport report = result.Report.Value;
        if (report is not { TimeToFirstToken: { } first, EndToEnd: { } whole })
        {
            throw new InferometerException($"no request was served. {string.Join(' ', result.Warnings)}".TrimEnd());
        }

        double firstMs = Milliseconds * first.Mean;
        double admission = Milliseconds * (result.Load.BesideSeconds - (options.HandOverSeconds ?? plan.HandOverSeconds));
        return new ServiceForecast
        {
            Result = result,
            TtftMs = firstMs,
            TpotMs = Milliseconds * report.TimePerOutputToken?.Mean,
            EndToEndMs = Milliseconds * whole.Mean,
            FirstToken = times is null ? [] :
            [
                .. times.FirstToken(firstMs - admission, Milliseconds * result.Load.PromptLeftSeconds),
                .. admission > 1e-6 * firstMs
                    ? [new TimePart("admission", "the way there and back, polling", admission)]
                    : Array.Empty<TimePart>(),
            ],
            PerToken = times is null ? [] : [.. times.PerToken()],
            Basis = plan.Basis,
        };
    }
}
