using Inferometer.Planning.Deployments;

namespace Inferometer.Planning.Screening;

/// <summary>A deployment at some load, as the analytic model has it.</summary>
/// <param name="Deployment">The deployment.</param>
/// <param name="Sequences">Requests that decode beside each other on a replica.</param>
/// <param name="TokensPerSecondPerUser">1 / TPOT: what a user sees.</param>
/// <param name="TokensPerSecondPerDevice">Generated tokens a second over the devices of a replica.</param>
/// <param name="TimeToFirstTokenSeconds">Mean.</param>
/// <param name="DollarsPerMillionTokens">Rent over generated tokens; null = no price is known.</param>
/// <param name="KeepsLevel">Its means keep the service level.</param>
public sealed record ParetoPoint(
    Deployment Deployment,
    int Sequences,
    double TokensPerSecondPerUser,
    double TokensPerSecondPerDevice,
    double TimeToFirstTokenSeconds,
    double? DollarsPerMillionTokens,
    bool KeepsLevel)
{
    private const double LeastGain = 0.02;

    /// <summary>
    /// The points that no other beats in both speeds, slowest for the user first. One that is faster for the user by less than a fiftieth
    /// is none: the analytic model does not tell them apart.
    /// </summary>
    public static IReadOnlyList<ParetoPoint> Front(IEnumerable<ParetoPoint> points)
    {
        List<ParetoPoint> front = [];
        double best = 0;
        foreach (ParetoPoint point in points.OrderByDescending(p => p.TokensPerSecondPerUser)
            .ThenByDescending(p => p.TokensPerSecondPerDevice))
        {
            if (point.TokensPerSecondPerDevice > best)
            {
                best = point.TokensPerSecondPerDevice;
                front.Add(point);
            }
        }

        front.Reverse();
        double told = 0;
        return front.FindAll(point =>
        {
            bool isTold = point.TokensPerSecondPerUser >= told * (1 + LeastGain);
            told = isTold ? point.TokensPerSecondPerUser : told;
            return isTold;
        });
    }
}
