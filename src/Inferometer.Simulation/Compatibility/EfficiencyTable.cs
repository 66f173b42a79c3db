namespace Inferometer.Simulation.Compatibility;

/// <summary>Fractions of peak per device family, as the <c>bud</c> engine guesses them. They do not depend on the operator.</summary>
internal static class EfficiencyTable
{
    public static double Compute(CompatibilityHardware hardware)
    {
        if (hardware.IsCpu)
        {
            return 0.65;
        }

        return hardware.TensorCores?.ToLowerInvariant() switch
        {
            "gen5" => 0.82,
            "gen4" => 0.80,
            "gen3" => 0.78,
            "gen1" or "gen2" => 0.72,
            _ => 0.75,
        };
    }

    public static double Memory(CompatibilityHardware hardware)
    {
        if (hardware.MemoryType is null && hardware.IsCpu)
        {
            return hardware.Manufacturer?.ToLowerInvariant() is "intel" or "amd" ? 0.80 : 0.65;
        }

        return hardware.MemoryType?.ToLowerInvariant() switch
        {
            "hbm3" or "hbm3e" => 0.85,
            "hbm" => 0.82,
            "hbm2" or "hbm2e" => 0.80,
            "lpddr5" or "lpddr5x" => 0.73,
            "lpddr4" or "lpddr4x" => 0.70,
            "gddr6" or "gddr6x" => 0.75,
            "gddr5" or "gddr5x" => 0.72,
            "ddr5" => 0.65,
            "ddr4" => 0.62,
            _ => 0.80,
        };
    }
}
