namespace Inferometer.Core.Hardware;

/// <summary>
/// The cache between a processor's cores and its memory, as a program sees it that reads a stretch of memory again and again.
/// </summary>
/// <param name="Bytes">Stretch of which half the gain over memory is left, bytes.</param>
/// <param name="Bandwidth">Bandwidth of what lies in it, bytes per second; at least the memory's.</param>
public sealed record DeviceCache(double Bytes, double Bandwidth)
{
    // Rather soft: what is read in a circle leaves a cache with least-recent replacement all at once, but caches hash and guess.
    private const double Steepness = 4;

    /// <summary>Bandwidth at which a stretch is read again and again.</summary>
    /// <param name="bytes">The stretch.</param>
    /// <param name="memoryBandwidth">Bandwidth of the memory behind, bytes per second.</param>
    public double BandwidthOf(double bytes, double memoryBandwidth)
    {
        double hits = 1 / (1 + Math.Pow(bytes / Bytes, Steepness));
        return 1 / ((hits / Bandwidth) + ((1 - hits) / memoryBandwidth));
    }
}
