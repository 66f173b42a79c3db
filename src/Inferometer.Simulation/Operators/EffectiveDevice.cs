using Inferometer.Core;
using Inferometer.Core.Deployments;
using Inferometer.Core.Hardware;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Operators;

/// <summary>The part of a CPU that a deployment uses, as a device of its own.</summary>
internal static class EffectiveDevice
{
    /// <summary>
    /// Peak fp32 = cores x clock x (SIMD bits / 32) x 2 x FMA per cycle; bf16 and fp16 run as fp32 and int8 at twice
    /// their rate unless a matrix engine gives the device its own figures, which then scale with the cores.
    /// Bandwidth = min(memory, cores x bandwidth of one core), cut by placement.
    /// </summary>
    public static Device For(Device device, CpuSpec? spec)
    {
        if (spec is null)
        {
            return device;
        }

        CpuDescription cpu = device.Cpu ?? throw new InferometerException(
            $"cpu_optimization: device '{device.Name}' is not a CPU (its entry has no core count).");
        int cores = spec.Cores == 0 ? cpu.Cores : spec.Cores;
        int simd = spec.SimdBits == 0 ? cpu.SimdBits : spec.SimdBits;
        if (cores < 1 || cores > cpu.Cores || simd < 64 || simd > cpu.SimdBits)
        {
            throw new InferometerException(
                $"cpu_optimization: {cores} cores and {simd}-bit vectors asked of '{device.Name}', which has {cpu.Cores} cores and "
                    + $"{cpu.SimdBits} bits.");
        }

        return device with
        {
            PeakOperationsPerSecond = Peaks(device, cpu, cores, simd),
            MemoryBandwidth = Bandwidth(device, cpu, cores, spec.Numa),
        };
    }

    private static Dictionary<MathFormat, double> Peaks(Device device, CpuDescription cpu, int cores, int simd)
    {
        double single = cores * cpu.ClockHz * (simd / 32.0) * 2 * cpu.FmaPerCycle;
        Dictionary<MathFormat, double> peaks = new()
        {
            [MathFormat.Fp32] = single,
            [MathFormat.Bf16] = single,
            [MathFormat.Fp16] = single,
            [MathFormat.Int8] = 2 * single,
        };
        foreach ((MathFormat format, double peak) in device.PeakOperationsPerSecond)
        {
            // A matrix engine has its own width; narrower vectors elsewhere do not slow it down.
            if (cpu.MatrixEngine && format != MathFormat.Fp32)
            {
                peaks[format] = peak * cores / cpu.Cores;
            }
        }

        return peaks;
    }

    private static double Bandwidth(Device device, CpuDescription cpu, int cores, NumaPolicy policy)
    {
        int nodes = Math.Max(1, cpu.NumaNodes);
        double whole = device.MemoryBandwidth;
        int coresPerNode = (cpu.Cores + nodes - 1) / nodes;
        int busy = (cores + coresPerNode - 1) / coresPerNode;
        double drawn = cpu.PerCoreBandwidth > 0 ? cores * cpu.PerCoreBandwidth : double.PositiveInfinity;
        double linked = cpu.NumaLinkBandwidth > 0 ? cpu.NumaLinkBandwidth : double.PositiveInfinity;
        double placed = policy switch
        {
            // Each busy node pulls (n - 1)/n of its reads over its link.
            NumaPolicy.Interleaved when nodes > 1 => Math.Min(whole, busy * linked * nodes / (nodes - 1.0)),
            // The one node serves its own cores beside the link; remote cores do their share (busy - 1)/busy through it.
            NumaPolicy.SingleNode => busy == 1 ? whole / nodes : Math.Min(whole / nodes, linked * busy / (busy - 1.0)),
            NumaPolicy.Local => whole * busy / nodes,
            _ => whole,
        };
        return Math.Min(drawn, placed);
    }
}
