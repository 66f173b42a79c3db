using Inferometer.Core.Deployments;
using Inferometer.Core.Gguf;
using Inferometer.Cpu.Threading;
using Inferometer.Measurement.Diagnostics;
using Inferometer.Simulation.Requests;

namespace Inferometer.Measurement.Ablation;

/// <summary>The machine the program runs on, as the simulator describes machines: its limits as measured just now, taken in full.</summary>
/// <param name="Limits">Bandwidth and rates with the threads in use.</param>
/// <param name="DispatchSeconds">What starting an operator costs.</param>
public sealed record ThisMachine(MachineLimits Limits, double DispatchSeconds)
{
    private const double ProbeSeconds = 0.6;
    private const int StepTokens = 512;

    /// <summary>Measures.</summary>
    /// <param name="threads">Worker threads.</param>
    /// <param name="weightBytes">Size of the model, for the size of the buffer that is read.</param>
    /// <param name="cancellationToken">Stops between passes.</param>
    public static ThisMachine Measure(int threads, long weightBytes, CancellationToken cancellationToken)
    {
        using WorkerPool pool = new(threads);
        long buffer = Math.Clamp(weightBytes, threads * (1L << 20), MachineProbe.DefaultBufferBytes);
        MachineLimits limits = MachineProbe.Measure(pool, ProbeSeconds, buffer, cancellationToken);
        return new ThisMachine(limits, MachineProbe.MeasureDispatch(pool));
    }

    /// <summary>
    /// What is left of it for some of its threads while the others work as well: their share of the bandwidth and the rates.
    /// </summary>
    /// <param name="threads">Their number.</param>
    /// <param name="all">Threads that this was measured with.</param>
    public ThisMachine ShareOf(int threads, int all)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threads);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threads, all);
        double share = (double)threads / all;
        MachineLimits part = new(threads, Limits.ReadGBps * share, Limits.FloatGops * share, Limits.Int8Gops * share);
        return this with { Limits = part };
    }

    /// <summary>The request that predicts a workload of the engine on this machine.</summary>
    public EstimateRequest RequestFor(AblationSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        // Products with weights of integers run on 8-bit products; everything else on 32-bit floats, whatever it is stored as.
        bool integers = settings.Model.MainType.IsQuantized() && Limits.Int8Gops > 0;
        MathFormat products = integers ? MathFormat.Int8 : MathFormat.Fp32;
        return new EstimateRequest
        {
            Architecture = settings.Model.Architecture,
            System = MachineSystem.Of(Limits, DispatchSeconds, halfGops: Limits.FloatGops),
            Precisions = new PrecisionSet
            {
                Weights = new Precision(settings.Model.MainType.ToString().ToLowerInvariant(), settings.Model.BitsPerWeight, products),
                Activations = new Precision("fp32", 32, products),
                KvCache = Precision.Fp16,
            },
            Workload = settings.Workload,
            MaxStepTokens = StepTokens,
        };
    }
}
