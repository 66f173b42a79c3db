using Inferometer.Core.Deployments;
using Inferometer.Core.Hardware;
using Inferometer.Core.Models;

namespace Inferometer.Simulation.Requests;

/// <summary>
/// What published checkpoints and the frameworks that serve them store in which format when a table says <c>fp8</c> or <c>fp4</c>:
/// embeddings
/// and head stay in 16 bits, 4-bit checkpoints of some families hold 4-bit experts alone, and products run in formats the device has.
/// </summary>
/// <param name="Weights">Format of the weights but for embeddings, head and, where it is given, experts.</param>
/// <param name="Activations">Format of activations.</param>
/// <param name="KvCache">Format of the cache.</param>
/// <param name="Embeddings">Format of embeddings and head; null = as the weights.</param>
/// <param name="Experts">Format of routed experts; null = as the weights.</param>
public sealed record ServedFormats(
    Precision Weights, Precision Activations, Precision KvCache, Precision? Embeddings = null, Precision? Experts = null)
{
    /// <summary>The formats of a checkpoint whose weights are said to be <paramref name="weights"/>, on a device.</summary>
    /// <param name="model">The network.</param>
    /// <param name="device">The device.</param>
    /// <param name="weights">The format it goes by.</param>
    /// <param name="kvCache">
    /// Format of the cache; null = 8 bits where weights have 8 bits or fewer in a float format, else 16. For gpt-oss it is 8 bits on
    /// NVIDIA's devices that multiply 4-bit floats and 16 on others, as InferenceX starts vLLM and TensorRT-LLM with it
    /// (SemiAnalysisAI/InferenceX, benchmarks/gptoss_fp4_*.sh).
    /// </param>
    public static ServedFormats Of(ModelArchitecture model, Device device, Precision weights, Precision? kvCache = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(weights);
        Precision fp8 = Known("fp8");
        bool narrowFloat = weights.Math is MathFormat.Fp8 or MathFormat.Fp4;
        bool fourBits = weights.BitsPerElement < 5 && model.Layers.Any(layer => layer.FeedForward is MoeFeedForward);
        Precision stored = weights;
        Precision? experts = null;
        if (string.Equals(model.ModelType, "gpt_oss", StringComparison.Ordinal))
        {
            bool isNvidia = string.Equals(device.Vendor, "NVIDIA", StringComparison.OrdinalIgnoreCase);
            (stored, experts, narrowFloat) =
                (Precision.Bf16, Known("mxfp4"), isNvidia && device.PeakOperationsPerSecond.ContainsKey(MathFormat.Fp4));
        }
        else if (fourBits && (weights.Math == MathFormat.Bf16 || model.Layers.Any(layer => layer.Mixer is LatentAttentionMixer)))
        {
            // Experts are nearly all of such a model; the rest stays as released: 8 bits for DeepSeek, 16 for others.
            bool released8 = narrowFloat && model.ModelType.StartsWith("deepseek", StringComparison.Ordinal);
            (stored, experts) = (released8 ? fp8 : Precision.Bf16, weights);
        }

        return new ServedFormats(
            stored, Native(stored, device) ? stored : Precision.Bf16, kvCache ?? (narrowFloat ? fp8 : Precision.Bf16),
            stored.IsGguf ? null : Precision.Bf16, experts);
    }

    // Activations are quantised only where the device multiplies in the format; elsewhere weights are unpacked.
    private static bool Native(Precision stored, Device device) =>
        stored.BitsPerElement >= 16
        || (stored.Math is MathFormat.Fp8 or MathFormat.Fp4 && device.PeakOperationsPerSecond.ContainsKey(stored.Math))
        || string.Equals(stored.Name, "int8", StringComparison.Ordinal);

    private static Precision Known(string name) => Precision.Parse(name, name);
}
