using System.Runtime.InteropServices;

namespace Inferometer.Simulation.Compatibility;

/// <summary>Fractions of peak and fixed costs of one phase.</summary>
/// <param name="Compute">Fraction of peak arithmetic.</param>
/// <param name="Memory">Fraction of bandwidth.</param>
/// <param name="LaunchMs">Added for every operator.</param>
/// <param name="StreamMsPerLayer">Added for every layer and sequence beyond the first.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct PhaseEfficiency(double Compute, double Memory, double LaunchMs, double StreamMsPerLayer)
{
    /// <summary>
    /// The system efficiency itself, or, in a dialect with a table and at exactly 1, the table's values with what
    /// <paramref name="calibration"/> measured in their place. An efficiency asked for outright beats a calibration.
    /// </summary>
    public static PhaseEfficiency Of(
        CompatibilityDialect dialect, CompatibilityHardware hardware, double systemEfficiency, CompatibilityPhaseCalibration? calibration)
    {
        if (!dialect.HasEfficiencyTable || systemEfficiency != 1)
        {
            return new PhaseEfficiency(systemEfficiency, systemEfficiency, 0, 0);
        }

        return new PhaseEfficiency(
            calibration?.ComputeEfficiency ?? EfficiencyTable.Compute(hardware),
            calibration?.MemoryEfficiency ?? EfficiencyTable.Memory(hardware),
            calibration?.LaunchMs ?? 0,
            calibration?.StreamMsPerLayer ?? 0);
    }
}
