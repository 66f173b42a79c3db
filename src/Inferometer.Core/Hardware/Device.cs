using Inferometer.Core.Deployments;

namespace Inferometer.Core.Hardware;

/// <summary>One accelerator or one CPU socket, with datasheet figures. Rates are per second, sizes in bytes.</summary>
public sealed record Device
{
    /// <summary>Canonical name, such as <c>H100_SXM</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Maker.</summary>
    public string Vendor { get; init; } = "";

    /// <summary>gpu, cpu, tpu, npu or asic.</summary>
    public string Kind { get; init; } = "gpu";

    /// <summary>Architecture name, such as <c>Hopper</c>.</summary>
    public string Architecture { get; init; } = "";

    /// <summary>Dense (not sparse) peak rates, FLOP/s (a multiply-add is two) or integer operations per second.</summary>
    public required IReadOnlyDictionary<MathFormat, double> PeakOperationsPerSecond { get; init; }

    /// <summary>Memory size, bytes.</summary>
    public required double MemoryBytes { get; init; }

    /// <summary>
    /// Memory that programs can allocate, bytes, as the driver reports it: less than <see cref="MemoryBytes"/> where error correction, the
    /// driver or the operating system keep some back. Where it is not set, all of the memory.
    /// </summary>
    public double UsableMemoryBytes
    {
        get => field > 0 ? field : MemoryBytes;
        init;
    }

    /// <summary>Memory bandwidth, bytes per second.</summary>
    public required double MemoryBandwidth { get; init; }

    /// <summary>Kind of memory, such as <c>HBM3</c>.</summary>
    public string MemoryType { get; init; } = "";

    /// <summary>The cache before the memory, where models may fit into it; null = unknown, or too small to matter.</summary>
    public DeviceCache? Cache { get; init; }

    /// <summary>Bandwidth of the link to host memory, bytes per second and direction; 0 = unknown or none.</summary>
    public double HostLinkBandwidth { get; init; }

    /// <summary>Thermal design power, watts; null = unknown.</summary>
    public double? TdpWatts { get; init; }

    /// <summary>Rental price, US dollars per device-hour; null = unknown.</summary>
    public double? PricePerHourUsd { get; init; }

    /// <summary>Fractions of peak that real kernels reach and fixed costs, used by the roofline cost model.</summary>
    public DeviceEfficiency Efficiency { get; init; } = new();

    /// <summary>Core counts and vector width, for CPUs.</summary>
    public CpuDescription? Cpu { get; init; }

    /// <summary>
    /// Peak rate of <paramref name="format"/>, falling back to the format the device would emulate it in (fp8 to bf16, int4 to int8, ...).
    /// </summary>
    public double PeakFor(MathFormat format) => PeakOperationsPerSecond[ArithmeticFor(format)];

    /// <summary>The arithmetic that runs where <paramref name="format"/> is asked for: the format itself where the device has it.</summary>
    /// <exception cref="InferometerException">The device has neither it nor what could stand in for it.</exception>
    public MathFormat ArithmeticFor(MathFormat format)
    {
        MathFormat current = format;
        while (true)
        {
            if (PeakOperationsPerSecond.ContainsKey(current))
            {
                return current;
            }

            current = current switch
            {
                MathFormat.Fp4 => MathFormat.Fp8,
                MathFormat.Int4 => MathFormat.Int8,
                MathFormat.Fp8 or MathFormat.Int8 or MathFormat.Fp16 => MathFormat.Bf16,
                MathFormat.Bf16 => PeakOperationsPerSecond.ContainsKey(MathFormat.Fp16) ? MathFormat.Fp16 : MathFormat.Fp32,
                MathFormat.Tf32 => MathFormat.Fp32,
                _ => throw new InferometerException(
                    $"Device '{Name}' gives no peak rate for {format} nor for any format that could stand in for it. Add one to its "
                        + $"'peak' table."),
            };
        }
    }
}
