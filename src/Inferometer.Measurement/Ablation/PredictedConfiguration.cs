using System.Runtime.InteropServices;

namespace Inferometer.Measurement.Ablation;

/// <summary>What a cost model says of one configuration. Predicted: nothing was run.</summary>
/// <param name="Configuration">Optimisations that are on.</param>
/// <param name="Seconds">Time of the workload.</param>
/// <param name="KvBytes">Keys and values of all running requests at full length.</param>
/// <param name="ActivationBytes">Most that the activations of one step take.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct PredictedConfiguration(
    OptimizationConfiguration Configuration, double Seconds, double KvBytes, double ActivationBytes);
