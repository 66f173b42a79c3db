using Inferometer.Core;
using Inferometer.Serving.Arrivals;
using Inferometer.Simulation.ClosedLoop;
using Inferometer.Simulation.Costs;

namespace Inferometer.Simulation.Serving;

/// <summary>What a service is asked where nobody says more of it than its rate or its users.</summary>
public static class UsualTraffic
{
    /// <summary>At least so many requests.</summary>
    public const int LeastRequests = 1000;

    /// <summary>No more, so that a command ends within seconds; whoever needs more is told so by the result, and says it.</summary>
    public const int MostRequests = 20_000;

    /// <summary>So many for each request that is in the service on average, by <see cref="ClosedLoopModel"/>.</summary>
    public const int RequestsInFlight = 10;

    private const int MostInFlight = 1 << 16;

    /// <summary>
    /// The number of requests: so many that the service is full for most of the time, and rates and costs are those of its load instead of
    /// those of filling and emptying.
    /// </summary>
    /// <param name="plan">The deployment of a replica.</param>
    /// <param name="traffic">What it is asked; its own number of requests does not count.</param>
    /// <param name="replicas">Replicas that share the traffic.</param>
    /// <returns>Rounded up to two digits.</returns>
    public static int Requests(ICostPlan plan, TrafficOptions traffic, int replicas = 1)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(traffic);
        double inFlight = traffic.Users > 0 ? traffic.Users : replicas * InFlight(plan, traffic, replicas);
        double count = Math.Clamp(RequestsInFlight * inFlight, LeastRequests, MostRequests);
        double step = Math.Pow(10, Math.Floor(Math.Log10(count)) - 1);
        return (int)(Math.Ceiling(count / step) * step);
    }

    /// <summary>
    /// The time that users begin over, seconds: that of one request under their load. Users who have been there for a while are spread so,
    /// and those who begin all at once keep in step for long.
    /// </summary>
    public static double RampSeconds(ICostPlan plan, int users, double inputTokens, double outputTokens) =>
        ClosedLoopModel.Estimate(plan, new ClosedLoopLoad(users, Tokens(inputTokens), Tokens(outputTokens))).EndToEndSeconds;

    // Of Little's law: as many users of a closed loop as bring the rate. Where no number does, the service is overloaded, and full with as
    // many as it serves at once.
    private static double InFlight(ICostPlan plan, TrafficOptions traffic, int replicas)
    {
        double turns = traffic.Turns?.Mean ?? 1;
        double input = traffic.Pairs?.MeanInput ?? traffic.Input.Mean, output = traffic.Pairs?.MeanOutput ?? traffic.Output.Mean;
        double rate = (traffic.Process?.RequestsPerSecond ?? 0) * turns / replicas;
        double said = (turns - 1) / 2 * (input + output);
        int prompt = Tokens(traffic.SharedPrefixTokens + input + said), answer = Tokens(output);
        int under = 0, enough = 1;
        while (!Brings(enough))
        {
            if (enough >= MostInFlight)
            {
                double served = ClosedLoopModel.Estimate(plan, new ClosedLoopLoad(enough, prompt, answer)).DecodingUsers;
                return Math.Min(served, plan.Framework().OptionsFor(plan).Scheduler.EffectiveMaxSequences);
            }

            (under, enough) = (enough, enough * 2);
        }

        while (enough - under > Math.Max(1, enough / 50))
        {
            int middle = (under + enough) / 2;
            (under, enough) = Brings(middle) ? (under, middle) : (middle, enough);
        }

        return enough;

        bool Brings(int users)
        {
            try
            {
                return users >= rate * ClosedLoopModel.Estimate(plan, new ClosedLoopLoad(users, prompt, answer)).EndToEndSeconds;
            }
            catch (InferometerException)
            {
                return true; // the simulation says what is impossible of it
            }
        }
    }

    private static int Tokens(double mean) => (int)Math.Clamp(mean, 1, LengthDistribution.MostTokens);
}
