namespace Inferometer.Core.Hardware;

/// <summary>What the peak rates of a CPU follow from.</summary>
public sealed record CpuDescription
{
    /// <summary>Physical cores per socket.</summary>
    public required int Cores { get; init; }

    /// <summary>Sustained all-core clock, Hz.</summary>
    public required double ClockHz { get; init; }

    /// <summary>Width of the vector units, bits (128 NEON/SSE, 256 AVX2, 512 AVX-512).</summary>
    public required int SimdBits { get; init; }

    /// <summary>Fused multiply-add instructions a core starts per cycle.</summary>
    public int FmaPerCycle { get; init; } = 2;

    /// <summary>A matrix engine (AMX, SME) is present; its rate is in the device's bf16 and int8 peaks.</summary>
    public bool MatrixEngine { get; init; }

    /// <summary>NUMA nodes the device's memory is split over.</summary>
    public int NumaNodes { get; init; } = 1;

    /// <summary>Bandwidth one core can draw by itself, bytes per second; 0 = unknown.</summary>
    public double PerCoreBandwidth { get; init; }

    /// <summary>Bandwidth of the link to another NUMA node, bytes per second; 0 = unknown.</summary>
    public double NumaLinkBandwidth { get; init; }
}
