using System.Globalization;
using Inferometer.Core;

namespace Inferometer.Simulation.Serving;

/// <summary>
/// Prefill and decode on replicas of their own: the first ones compute prompts and first tokens, then keys and values cross a link to one
/// of the others, which generates the rest.
/// </summary>
public sealed record Disaggregation
{
    /// <summary>Replicas that compute prompts, at least 1; the other replicas decode.</summary>
    public required int PrefillReplicas { get; init; }

    /// <summary>Bandwidth of the link, bytes per second and transfer.</summary>
    public required double BandwidthBytesPerSecond { get; init; }

    /// <summary>Time of an empty transfer, seconds.</summary>
    public double LatencySeconds { get; init; }

    internal void Validate(int replicas)
    {
        if (PrefillReplicas < 1 || PrefillReplicas >= replicas)
        {
            throw new InferometerException(string.Create(
                CultureInfo.InvariantCulture,
                $"disaggregation: {PrefillReplicas} of {replicas} replicas for prefill; needed are at least one replica for each part."));
        }

        if (!(BandwidthBytesPerSecond > 0) || !(LatencySeconds >= 0))
        {
            throw new InferometerException(string.Create(
                CultureInfo.InvariantCulture,
                $"disaggregation: a link of {BandwidthBytesPerSecond} bytes/s and {LatencySeconds} s; "
                    + $"needed are a bandwidth above 0 and a latency of 0 or more."));
        }
    }
}
