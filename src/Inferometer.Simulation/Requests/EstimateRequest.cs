using Inferometer.Core.Deployments;
using Inferometer.Core.Frameworks;
using Inferometer.Core.Hardware;
using Inferometer.Core.Models;
using Inferometer.Core.Weights;
using Inferometer.Simulation.Network;

namespace Inferometer.Simulation.Requests;

/// <summary>
/// Everything a cost model needs to know: a model architecture, a deployment of it, the workload, and the optional
/// techniques that change the physics. A technique whose specification is null is not in use. Immutable.
/// </summary>
public sealed record EstimateRequest
{
    /// <summary>The network.</summary>
    public required ModelArchitecture Architecture { get; init; }

    /// <summary>The machine.</summary>
    public required HardwareSystem System { get; init; }

    /// <summary>How the network is spread over the machine.</summary>
    public Parallelism Parallelism { get; init; } = Parallelism.None;

    /// <summary>
    /// Tensor-parallel degrees that do not divide the heads are priced (the device with the most heads sets the pace) instead of refused.
    /// Frameworks refuse them: vLLM and SGLang need a degree that divides the query heads, and that divides the key/value heads or is a
    /// multiple of them.
    /// </summary>
    public bool AllowUnevenHeads { get; init; }

    /// <summary>Formats of weights, activations, KV cache and messages.</summary>
    public PrecisionSet Precisions { get; init; } = new();

    /// <summary>
    /// Format of the embedding table and the LM head when it differs from the weights (most fp8 and int4 checkpoints leave them in bf16);
    /// null = as the weights.
    /// </summary>
    public Precision? EmbeddingPrecision { get; init; }

    /// <summary>
    /// How the weights are stored, tensor by tensor; null = all in the format that <see cref="Precisions"/> gives, with norms, biases and
    /// routers in that of the activations.
    /// </summary>
    public WeightScheme? WeightScheme { get; init; }

    /// <summary>
    /// Tokens that a layer with a window keeps beyond the window, for those of the step that runs: 512 in llama.cpp, which rounds the sum
    /// up to a multiple of 256. 0 = the window alone.
    /// </summary>
    public int WindowExtraTokens { get; init; } = 512;

    /// <summary>What is asked of the deployment.</summary>
    public Workload Workload { get; init; } = new();

    /// <summary>
    /// True: attention runs in tiles and its score matrix never leaves the chip. False: scores are written to memory and read back, twice.
    /// </summary>
    public bool FlashAttention { get; init; } = true;

    /// <summary>Low-rank adapters served with the model.</summary>
    public LoraSpec? Lora { get; init; }

    /// <summary>Weights or KV cache kept in slower memory.</summary>
    public OffloadSpec? Offload { get; init; }

    /// <summary>Speculative decoding.</summary>
    public SpeculativeSpec? Speculative { get; init; }

    /// <summary>Cores, vector width and memory placement, when the device is a CPU.</summary>
    public CpuSpec? Cpu { get; init; }

    /// <summary>Compressed KV cache.</summary>
    public KvCompressionSpec? KvCompression { get; init; }

    /// <summary>
    /// Share of every collective that is hidden behind computation, 0 to 1. Default 0: a collective starts when its
    /// operand is ready and the next operator waits for it.
    /// </summary>
    public double CommunicationOverlap { get; init; }

    /// <summary>Algorithm of the all-reduces.</summary>
    public CollectiveAlgorithm CollectiveAlgorithm { get; init; } = CollectiveAlgorithm.Auto;

    /// <summary>
    /// Micro-batches a batch is cut into when the pipeline has several stages; 0 = as many as stages, at most one per sequence.
    /// </summary>
    public int MicroBatches { get; init; }

    /// <summary>
    /// Most prompt tokens an engine puts in one step, for the peak of activations alone; 0 = a whole batch of prompts
    /// at once. Engines bound their steps (vLLM: 2048 to 16384 tokens), so that activations do not grow with the batch.
    /// </summary>
    public int MaxStepTokens { get; init; } = 8192;

    /// <summary>Most sequences of one step, for the memory of choosing tokens alone; 0 = as the framework has it.</summary>
    public int MaxSequences { get; init; }

    /// <summary>
    /// The serving framework, for its use of memory and, with cost models that tell frameworks apart, its time; null = none is named: no
    /// memory is kept for one, and times are those of the usual one of the device and format.
    /// </summary>
    public FrameworkProfile? Framework { get; init; }

    /// <summary>One of <see cref="FrameworkProfile.Releases"/>; null = today's.</summary>
    public string? Release { get; init; }

    /// <summary>
    /// Share of the device's usable memory that the deployment takes, above 0 and at most 1, with the meaning of the framework (vLLM's
    /// <c>gpu_memory_utilization</c> where none is named); null = the framework's default, or all.
    /// </summary>
    public double? MemoryUtilization { get; init; }

    /// <summary>The processor beside the device that computes a part of the network; null = the device computes all of it.</summary>
    public HostSpec? Host { get; init; }

    /// <summary>Time a request waits before its prefill starts, seconds; part of the time to first token.</summary>
    public double QueueingSeconds { get; init; }

    /// <summary>How power follows from utilisation.</summary>
    public PowerModel Power { get; init; } = new();
}
