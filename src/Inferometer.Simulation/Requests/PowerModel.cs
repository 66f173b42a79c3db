namespace Inferometer.Simulation.Requests;

/// <summary>
/// Power of a device at work: TDP x (idle + (1 - idle) x u), with u the sum of its FLOP and bandwidth utilisation, at most 1: every
/// operation and every byte moved takes energy of its own. A straight line between rest and full load; it ignores clocks and voltage.
/// </summary>
public sealed record PowerModel
{
    /// <summary>Share of the TDP drawn at utilisation zero, 0 to 1: a modelling assumption, not a datasheet figure.</summary>
    public double IdleFraction { get; init; } = 0.3;

    /// <summary>Average power, watts; null where the TDP is not known.</summary>
    internal double? Watts(double? tdpWatts, double flopUtilization, double bandwidthUtilization)
    {
        double load = Math.Min(1, flopUtilization + bandwidthUtilization);
        return tdpWatts * (IdleFraction + ((1 - IdleFraction) * load));
    }
}
