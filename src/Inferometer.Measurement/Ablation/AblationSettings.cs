using Inferometer.Core.Deployments;
using Inferometer.Cpu.Kernels.Attention;
using Inferometer.Inference.Engine;
using Inferometer.Measurement.Models;

namespace Inferometer.Measurement.Ablation;

/// <summary>What an ablation is to run: one workload with each optimisation of the engine off and on.</summary>
/// <param name="Model">The model.</param>
/// <param name="Workload">Requests and their lengths.</param>
/// <param name="Rounds">Times each configuration runs.</param>
/// <param name="Threads">Worker threads.</param>
/// <param name="Element">Number format of cached keys and values.</param>
/// <param name="WarmUp">How long each run warms up, at least one run.</param>
public sealed record AblationSettings(StoredModel Model, Workload Workload, int Rounds, int Threads, KvElement Element, TimeSpan WarmUp)
{
    /// <summary>The engine's options, with everything on.</summary>
    public InferenceOptions Options => new() { Threads = Threads, KvElement = Element };
}
