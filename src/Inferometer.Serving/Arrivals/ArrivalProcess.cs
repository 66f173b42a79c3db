using System.Globalization;
using Inferometer.Core;

namespace Inferometer.Serving.Arrivals;

/// <summary>
/// When requests come that nobody waits for before asking more (open loop): a mean rate and how it is spread. Immutable; each generator
/// begins its own sequence of gaps.
/// </summary>
public abstract class ArrivalProcess
{
    /// <summary>What <see cref="Parse"/> reads, as a placeholder.</summary>
    public const string Help = "poisson|constant|gamma:SHAPE|bursty:RATIO,SHARE,SECONDS|diurnal:DEPTH,SECONDS";

    private protected ArrivalProcess(double requestsPerSecond)
    {
        if (!(requestsPerSecond > 0))
        {
            throw new InferometerException(string.Create(
                CultureInfo.InvariantCulture, $"arrivals: the rate is {requestsPerSecond} requests a second; it must be above 0."));
        }

        RequestsPerSecond = requestsPerSecond;
    }

    /// <summary>Mean rate; infinite = all at once.</summary>
    public double RequestsPerSecond { get; }

    /// <summary>
    /// Reads how arrivals are spread: <c>poisson</c> (independent of each other), <c>constant</c> (equal gaps), <c>gamma:K</c> (gaps gamma
    /// distributed with shape K: 1 is Poisson, below 1 burstier, as vLLM's <c>--burstiness</c>), <c>bursty:R,S,T</c> (Poisson at two rates
    /// that alternate, a Markov-modulated process: bursts at R times the rate of the calm, in the share S of the time, T seconds long on
    /// average) or <c>diurnal:D,P</c> (Poisson at a rate that swings by the share D around its mean with period P seconds).
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="requestsPerSecond">Mean rate, above 0; infinite = all at once.</param>
    /// <param name="origin">Where the text came from, for the error.</param>
    /// <exception cref="InferometerException">The text is malformed or a figure is out of range.</exception>
    public static ArrivalProcess Parse(string text, double requestsPerSecond, string origin = "arrivals")
    {
        ArgumentNullException.ThrowIfNull(text);
        (string kind, double[] figures) = Figures.Read(text, origin);
        return (kind, figures) switch
        {
            ("poisson", []) => new Renewal(requestsPerSecond, 1),
            ("constant", []) => new Renewal(requestsPerSecond, double.PositiveInfinity),
            ("gamma", [double shape]) =>
                new Renewal(requestsPerSecond, Checked(shape, shape is >= 0.01 and <= 1e6, "shape", "0.01 to 1000000")),
            ("bursty", [double ratio, double share, double seconds]) => new Bursts(
                requestsPerSecond,
                Checked(ratio, ratio is > 1 and <= 1e6, "ratio of the rates", "above 1, up to 1000000"),
                Checked(share, share is > 0 and < 1, "share of the time", "above 0, below 1"),
                Checked(seconds, seconds is > 0 and <= 1e6, "length of a burst", "above 0, up to 1000000 seconds")),
            ("diurnal", [double depth, double period]) => new Swing(
                requestsPerSecond,
                Checked(depth, depth is >= 0 and <= 1, "depth", "0 to 1"),
                Checked(period, period is > 0 and <= 1e7, "period", "above 0, up to 10000000 seconds")),
            _ => throw new InferometerException($"{origin}: '{Figures.Quoted(text)}' is not allowed; it must be {Help}."),
        };

        double Checked(double value, bool sound, string what, string allowed) => sound ? value
            : throw new InferometerException(string.Create(
            CultureInfo.InvariantCulture, $"{origin}: '{Figures.Quoted(text)}': the {what} is {value}; allowed is {allowed}."));
    }

    /// <summary>Begins a sequence of arrival times.</summary>
    internal abstract Func<double> Begin(SeededRandom random);

    /// <summary>Independent gaps: exponential, gamma or equal.</summary>
    private sealed class Renewal(double rate, double shape) : ArrivalProcess(rate)
    {
        internal override Func<double> Begin(SeededRandom random)
        {
            double now = 0;
            bool first = true;
            return () =>
            {
                if (first)
                {
                    first = false; // the first request comes at 0, as in vLLM's benchmark
                    return 0;
                }

                double gap = double.IsInfinity(shape) ? 1 : shape == 1 ? random.Exponential() : random.Gamma(shape);
                return now += gap / RequestsPerSecond;
            };
        }
    }

    /// <summary>Poisson at two rates; how long each lasts is exponentially distributed.</summary>
    private sealed class Bursts(double rate, double ratio, double share, double seconds) : ArrivalProcess(rate)
    {
        internal override Func<double> Begin(SeededRandom random)
        {
            double calm = RequestsPerSecond / (1 - share + (ratio * share));
            bool inBurst = false;
            double now = 0;
            double until = random.Exponential() * seconds * (1 - share) / share;
            return () =>
            {
                double work = random.Exponential(); // at rate 1; each state works it off at its own rate
                while (true)
                {
                    double speed = inBurst ? ratio * calm : calm;
                    double arrival = now + (work / speed);
                    if (arrival <= until)
                    {
                        return now = arrival;
                    }

                    work -= (until - now) * speed;
                    now = until;
                    inBurst = !inBurst;
                    until += random.Exponential() * (inBurst ? seconds : seconds * (1 - share) / share);
                }
            };
        }
    }

    /// <summary>
    /// Poisson at rate (1 + depth sin): candidates at the highest rate, of which the share is kept that the rate of the moment is.
    /// </summary>
    private sealed class Swing(double rate, double depth, double period) : ArrivalProcess(rate)
    {
        internal override Func<double> Begin(SeededRandom random)
        {
            double now = 0;
            return () =>
            {
                do
                {
                    now += random.Exponential() / (RequestsPerSecond * (1 + depth));
                }
                while (random.Uniform() * (1 + depth) >= 1 + (depth * PortableMath.SineOfTurns(now / period)));
                return now;
            };
        }
    }
}
