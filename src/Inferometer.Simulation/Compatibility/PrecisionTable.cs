using System.Collections.Frozen;
using System.Runtime.InteropServices;
using Inferometer.Core;

namespace Inferometer.Simulation.Compatibility;

/// <summary>Bytes of one element and the time of one multiply-add relative to bf16.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct CompatibilityPrecision(double BytesPerElement, double ComputeTimeMultiplier);

/// <summary>The number formats a simulator knows. The multipliers hold on every device, also where it has no such arithmetic.</summary>
internal sealed class PrecisionTable
{
    private readonly FrozenDictionary<string, CompatibilityPrecision> _entries;

    private PrecisionTable(params (string Name, double Bytes, double Multiplier)[] entries)
    {
        _entries = entries.ToFrozenDictionary(
            e => e.Name, e => new CompatibilityPrecision(e.Bytes, e.Multiplier), StringComparer.OrdinalIgnoreCase);
    }

    public static PrecisionTable Bud { get; } = new(
        ("fp32", 4, 2), ("tf32", 4, 2),
        ("bf16", 2, 1), ("fp16", 2, 1),
        ("int8", 1, 0.5), ("fp8", 1, 0.5), ("fp6", 0.75, 0.5),
        ("int4", 0.5, 0.5), ("fp4", 0.5, 0.25), ("nf4", 0.5, 0.25),
        ("int2", 0.25, 0.125));

    public static PrecisionTable Genz { get; } = new(
        ("f32", 4, 2), ("fp32", 4, 2),
        ("bf16", 2, 1),
        ("int8", 1, 0.5), ("fp8", 1, 0.5), ("fp6", 0.75, 0.5),
        ("int4", 0.5, 0.25), ("fp4", 0.5, 0.25),
        ("int2", 0.25, 0.125));

    public CompatibilityPrecision Find(string bits, string dialect)
    {
        if (_entries.TryGetValue(bits, out CompatibilityPrecision precision))
        {
            return precision;
        }

        throw new InferometerException(
            $"The cost model '{dialect}' does not know the width '{bits}'. Allowed: "
                + $"{string.Join(", ", _entries.Keys.Order(StringComparer.Ordinal))}.");
    }
}
