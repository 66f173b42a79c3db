using System.Runtime.InteropServices;

namespace Inferometer.Planning.Prices;

/// <summary>
/// What is rented for so many replicas: those on demand, spares among them, and those on spot, as many more of these as are away at a time
/// on average (needed / availability, as fleet planners count them).
/// </summary>
/// <param name="OnDemand">Replicas on demand.</param>
/// <param name="Spot">Replicas on spot.</param>
/// <param name="DevicesEach">Devices of a replica.</param>
/// <param name="DollarsPerHour">What all of it costs; null = no price is known.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct Provision(int OnDemand, int Spot, int DevicesEach, double? DollarsPerHour)
{
    /// <summary>Replicas rented.</summary>
    public int Replicas => OnDemand + Spot;

    /// <summary>Devices rented.</summary>
    public int Devices => Replicas * DevicesEach;

    /// <summary>What a month of 730 hours costs; null = no price is known.</summary>
    public double? DollarsPerMonth => DollarsPerHour * PriceList.HoursPerMonth;

    /// <summary>What to rent.</summary>
    /// <param name="replicas">Replicas that must serve, at least 1.</param>
    /// <param name="devicesEach">Devices of each.</param>
    /// <param name="spares">Replicas beyond these, for failures.</param>
    /// <param name="spotShare">Share of the replicas that may be on spot, where spot is offered.</param>
    /// <param name="price">The price of a device; null = not known.</param>
    public static Provision Of(int replicas, int devicesEach, int spares, double spotShare, SystemPrice? price)
    {
        int onSpot = price?.SpotPerHour is null ? 0 : (int)Math.Floor((replicas * spotShare) + 1e-9);
        int spot = onSpot == 0 ? 0 : (int)Math.Ceiling((onSpot / price!.SpotAvailability) - 1e-9);
        int onDemand = replicas - onSpot + spares;
        double? dollars = price is null ? null
            : devicesEach * ((onDemand * price.PerHour) + (spot * (price.SpotPerHour ?? 0)));
        return new Provision(onDemand, spot, devicesEach, dollars);
    }
}
