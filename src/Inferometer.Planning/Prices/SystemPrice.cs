namespace Inferometer.Planning.Prices;

/// <summary>What a device of a system costs, US dollars per device-hour.</summary>
/// <param name="PerHour">Whenever it is wanted.</param>
/// <param name="SpotPerHour">While nobody takes it back; null = not offered.</param>
/// <param name="SpotAvailability">Share of the time in which a spot device is there, above 0 up to 1.</param>
public sealed record SystemPrice(double PerHour, double? SpotPerHour = null, double SpotAvailability = 1);
