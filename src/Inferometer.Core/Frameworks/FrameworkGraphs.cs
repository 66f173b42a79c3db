using Inferometer.Core.Hardware;

namespace Inferometer.Core.Frameworks;

/// <summary>
/// Steps that a framework captures once and replays, where it launches the kernels of all others one by one: these follow one another
/// sooner.
/// </summary>
/// <param name="Tokens">Most tokens of such a step, at least 1.</param>
/// <param name="Vendors">Makers of the devices that it does so on.</param>
/// <param name="Before">Releases that measurements are of and that did not yet.</param>
public sealed record FrameworkGraphs(int Tokens, EquatableList<string> Vendors, EquatableList<string> Before)
{
    /// <summary>Most tokens of a step that is replayed on a device; 0 = none is.</summary>
    /// <param name="device">The device.</param>
    /// <param name="release">A release of the framework, or null for today's.</param>
    public int TokensOn(Device device, string? release)
    {
        ArgumentNullException.ThrowIfNull(device);
        return Vendors.Contains(device.Vendor, StringComparer.OrdinalIgnoreCase)
            && (release is null || !Before.Contains(release, StringComparer.Ordinal)) ? Tokens : 0;
    }
}
