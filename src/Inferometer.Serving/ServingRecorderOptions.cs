using Inferometer.Core;

namespace Inferometer.Serving;

/// <summary>What a <see cref="ServingRecorder"/> keeps.</summary>
public sealed record ServingRecorderOptions
{
    /// <summary>Service level whose goodput is counted; null = none.</summary>
    public Slo? Slo { get; init; }

    /// <summary>Latest timelines kept, at least 0; null = all. With 0 a request leaves nothing behind but its part in the totals.</summary>
    public int? MaxTimelines { get; init; }

    /// <summary>Values kept of each metric for its percentiles, at least 1; beyond, a random sample of them. Null = all.</summary>
    public int? MaxSamples { get; init; }

    /// <summary>For a service that runs for long: no timelines, and samples of ten thousand values.</summary>
    public static ServingRecorderOptions Bounded { get; } = new() { MaxTimelines = 0, MaxSamples = 10_000 };

    /// <summary>Checks every value.</summary>
    /// <exception cref="InferometerException">A value is out of range; the message names it.</exception>
    public void Validate()
    {
        if (MaxTimelines < 0)
        {
            throw new InferometerException($"recorder: {nameof(MaxTimelines)} is {MaxTimelines}; allowed is 0 or more.");
        }

        if (MaxSamples < 1)
        {
            throw new InferometerException($"recorder: {nameof(MaxSamples)} is {MaxSamples}; allowed is 1 or more.");
        }
    }
}
