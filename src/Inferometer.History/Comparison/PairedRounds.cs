namespace Inferometer.History.Comparison;

/// <summary>
/// Two configurations run by turns, a value of each in every round. What is looked at is the logarithm of their ratio in each round, so
/// that
/// what drifts on the machine touches both alike; Student's test is of its mean. Looking after every round finds more differences than
/// there
/// are, so that before the last round a difference counts only at p below 0.001, and at the last below 0.05 (Haybittle, 1971; Peto, 1976).
/// </summary>
public sealed class PairedRounds
{
    /// <summary>Fewest rounds before anything is decided.</summary>
    public const int Fewest = 4;

    private const double Early = 0.001;
    private const double Late = 0.05;

    private readonly List<double> _logRatios = [];

    /// <summary>Rounds so far.</summary>
    public int Count => _logRatios.Count;

    /// <summary>Second over first less 1: the geometric mean of the rounds; 0 before the first.</summary>
    public double Relative => Count > 0 ? Math.Exp(_logRatios.Average()) - 1 : 0;

    /// <summary>Between what that lies at 95 %; null with fewer than two rounds.</summary>
    public Interval? Interval
    {
        get
        {
            if (Count < 2)
            {
                return null;
            }

            double mean = _logRatios.Average(), reach = Normal.Student975(Count - 1) * Error(mean);
            return new Interval(Math.Exp(mean - reach) - 1, Math.Exp(mean + reach) - 1);
        }
    }

    /// <summary>The probability of so large a mean by chance, two-sided; 1 with fewer than two rounds.</summary>
    public double P
    {
        get
        {
            if (Count < 2)
            {
                return 1;
            }

            double mean = _logRatios.Average(), error = Error(mean);
            return error > 0 ? Normal.StudentTwoSided(Math.Abs(mean) / error, Count - 1) : mean == 0 ? 1 : 0;
        }
    }

    /// <summary>Adds a round.</summary>
    /// <param name="a">The first configuration's value, above 0.</param>
    /// <param name="b">The second configuration's value, above 0.</param>
    public void Add(double a, double b)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(a);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(b);
        _logRatios.Add(Math.Log(b / a));
    }

    /// <summary>What is decided; null = another round is needed.</summary>
    /// <param name="rounds">Most rounds.</param>
    /// <param name="within">A difference that does not matter, as a share: decided too where the interval lies within it.</param>
    public PairedOutcome? Decide(int rounds, double within)
    {
        bool last = Count >= rounds;
        if (Count < Math.Min(Fewest, rounds))
        {
            return null;
        }

        return P < (last ? Late : Early) ? PairedOutcome.Differ
            : Interval is { } i && i.Low > -within && i.High < within ? PairedOutcome.Alike
            : last ? PairedOutcome.Undecided
            : null;
    }

    private double Error(double mean) => Math.Sqrt(_logRatios.Sum(x => (x - mean) * (x - mean)) / (Count - 1) / Count);
}
