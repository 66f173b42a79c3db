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
    /// <summary>The points that no other beats in both speeds, slowest for the user first.</summary>
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
        return front;
    }
}
