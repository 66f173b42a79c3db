using Inferometer.Core;
using Inferometer.Serving.Arrivals;
using Inferometer.Simulation.ClosedLoop;
using Inferometer.Simulation.Costs;

namespace Inferometer.Simulation.Serving;

/// <summary>
/// How many requests a service is simulated with where nobody says: so many that it is full for most of the time, and rates and costs are
/// those of its load instead of those of filling and emptying.
/// </summary>
public static class UsualRequests
{
    /// <summary>At least as many.</summary>
    public const int Least = 1000;

    /// <summary>No more, so that a command ends within seconds; whoever needs more is told so by the result, and says it.</summary>
    public const int Most = 20_000;

    /// <summary>For each request in flight, where a result is what is wanted.</summary>
    public const int EachInFlight = 10;

    private const int MostInFlight = 1 << 16;

    /// <summary>The number of requests.</summary>
    /// <param name="plan">The deployment of a replica.</param>
    /// <param name="traffic">What it is asked; its own number of requests does not count.</param>
    /// <param name="replicas">Replicas that share the traffic.</param>
    /// <param name="eachInFlight">So many for each request that is in the service on average, by <see cref="ClosedLoopModel"/>.</param>
    /// <returns>Rounded up to two digits.</returns>
    public static int Of(ICostPlan plan, TrafficOptions traffic, int replicas = 1, int eachInFlight = EachInFlight)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(traffic);
        double inFlight = traffic.Users > 0 ? traffic.Users : replicas * InFlight(plan, traffic, replicas);
        double count = Math.Clamp(eachInFlight * inFlight, Least, Most);
        double step = Math.Pow(10, Math.Floor(Math.Log10(count)) - 1);
        return (int)(Math.Ceiling(count / step) * step);
    }

    // Of Little's law: as many users of a closed loop as bring the rate. More than are ever served at once are a queue that grows without
    // bound, which is seen with few requests already.
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
                return 0;
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
