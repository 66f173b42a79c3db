using System.Runtime.InteropServices;

namespace Inferometer.Simulation.Costs;

/// <summary>Sums over the operators of a step. Amounts are of one device position of the tensor-parallel group, all pipeline stages and micro-batches together.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct PhaseTotals
{
    /// <summary>Time of the step, pipeline fill and drain included, seconds.</summary>
    public double LatencySeconds { get; init; }

    /// <summary>Time of all operators one after another, seconds; equal to the latency without pipeline parallelism.</summary>
    public double SerialSeconds { get; init; }

    /// <summary>Part of <see cref="SerialSeconds"/> spent on collectives, launches included, seconds.</summary>
    public double CommunicationSeconds { get; init; }

    /// <summary>Operations; a multiply-add is two.</summary>
    public double Flops { get; init; }

    /// <summary>Bytes to and from memory.</summary>
    public double MemoryBytes { get; init; }

    /// <summary>Bytes of the collectives' messages.</summary>
    public double CollectiveBytes { get; init; }

    /// <summary>Most that the activations of an operator and the residual stream take at once, bytes.</summary>
    public double PeakActivationBytes { get; init; }

    /// <summary>Share of peak arithmetic reached by the devices of the pipeline, 0 to 1.</summary>
    public double FlopUtilization { get; init; }

    /// <summary>Share of peak memory bandwidth reached by the devices of the pipeline, 0 to 1.</summary>
    public double BandwidthUtilization { get; init; }

    /// <summary>FLOPs per byte of memory traffic.</summary>
    public double ArithmeticIntensity => MemoryBytes > 0 ? Flops / MemoryBytes : 0;
}
