using Inferometer.Core;

namespace Inferometer.Simulation.Requests;

/// <summary>
/// Part of the weights or of the KV cache lives in slower memory (host, CXL, another device) and crosses a link each time it is read.
/// </summary>
public sealed record OffloadSpec
{
    /// <summary>Share of the weights kept outside, 0 to 1.</summary>
    public double WeightShare { get; init; }

    /// <summary>Share of the KV cache kept outside, 0 to 1.</summary>
    public double KvShare { get; init; }

    /// <summary>Bandwidth of the link, bytes per second; 0 = the device's host link.</summary>
    public double LinkBandwidth { get; init; }

    /// <summary>True: transfers run beside local reads, the slower of the two counts. False: they add up.</summary>
    public bool Overlapped { get; init; } = true;

    internal void Validate()
    {
        if (WeightShare is not (>= 0 and <= 1) || KvShare is not (>= 0 and <= 1))
        {
            throw new InferometerException($"offload: shares must lie between 0 and 1, got weights {WeightShare} and KV {KvShare}.");
        }
    }
}
