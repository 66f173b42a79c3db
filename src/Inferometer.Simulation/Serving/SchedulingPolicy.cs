using Inferometer.Core;
using Inferometer.Core.Hardware;
using Inferometer.Scheduling;

namespace Inferometer.Simulation.Serving;

/// <summary>
/// How a framework schedules with its own defaults, as options of the engine's scheduler: what it batches, how much a step computes, when
/// it admits. Figures are the frameworks' documented defaults at the time of <see cref="Source"/>.
/// </summary>
public sealed record SchedulingPolicy
{
    private const double GiB = 1L << 30;

    /// <summary>Name it is chosen by.</summary>
    public required string Name { get; init; }

    /// <summary>What it does, one line.</summary>
    public required string Description { get; init; }

    /// <summary>Where its figures come from.</summary>
    public required string Source { get; init; }

    /// <summary>Tokens per block of KV cache.</summary>
    public required int BlockSize { get; init; }

    /// <summary>Full blocks are kept and reused by requests that begin alike.</summary>
    public bool PrefixCaching { get; init; } = true;

    /// <summary>The scheduler on a device of this memory, bytes.</summary>
    internal Func<double, SchedulerOptions> Scheduler { get; init; } = _ => new SchedulerOptions();

    /// <summary>All of them, the default first.</summary>
    public static IReadOnlyList<SchedulingPolicy> All { get; } =
    [
        new()
        {
            Name = "vllm",
            Description =
                "vLLM's V1 engine: decoding sequences first, prompts in chunks beside them within a budget of tokens; preempts when the "
                + "cache is full",
            Source =
                "vLLM 0.11 documentation, optimization.md and EngineArgs: max_num_batched_tokens 8192 and max_num_seqs 1024 of the API "
                + "server on devices "
                + "from 70 GiB, 2048 and 256 below; chunked prefill and prefix caching on; blocks of 16",
            BlockSize = 16,
            Scheduler = memory => new SchedulerOptions
            {
                MaxTokensPerStep = memory >= 70 * GiB ? 8192 : 2048,
                MaxSequences = memory >= 70 * GiB ? 1024 : 256,
                AdmissionReserve = 0,
            },
        },
        new()
        {
            Name = "sglang",
            Description =
                "SGLang: steps of prompts alone while there are any to compute and room for them, decoding in between; radix cache",
            Source =
                "SGLang 0.5 server arguments: chunked_prefill_size 8192 from 60 GiB, 4096 from 35, 2048 below; mixed chunks off; "
                + "max_running_requests at "
                + "least 2048; new requests admitted against 0.7 of the output still to come, here a tenth of the cache kept free",
            BlockSize = 1,
            Scheduler = memory => new SchedulerOptions
            {
                PrefillFirst = true,
                MaxTokensPerStep = memory >= 60 * GiB ? 8192 : memory >= 35 * GiB ? 4096 : 2048,
                MaxSequences = 2048,
                AdmissionReserve = 0.1,
            },
        },
        new()
        {
            Name = "tensorrt-llm",
            Description =
                "TensorRT-LLM: in-flight batching; admits a request only when its whole output fits beside the others' (guaranteed no "
                + "evict)",
            Source =
                "TensorRT-LLM 1.0 documentation, runtime flags and LLM API: GUARANTEED_NO_EVICT, max_num_tokens 8192, max_batch_size "
                + "2048, chunked context "
                + "off, block reuse on, tokens_per_block 32",
            BlockSize = 32,
            Scheduler = _ => new SchedulerOptions
            {
                ReserveForOutput = true,
                ChunkedPrefill = false,
                MaxTokensPerStep = 8192,
                MaxSequences = 2048,
                AdmissionReserve = 0,
            },
        },
        new()
        {
            Name = "llama.cpp",
            Description = "llama-server: a fixed number of slots, prompts beside decoding slots in batches of 2048 tokens; no preemption",
            Source =
                "llama.cpp tools/server/README.md: --batch-size 2048, --cont-batching on, --parallel 4 where it is left to the server; "
                + "cells of one token",
            BlockSize = 1,
            Scheduler = _ => new SchedulerOptions
            {
                ReserveForOutput = true,
                MaxTokensPerStep = 2048,
                MaxSequences = 4,
                AdmissionReserve = 0,
            },
        },
        new()
        {
            Name = "inferometer",
            Description = "this program's own engine with its defaults",
            Source = "SchedulerOptions",
            BlockSize = 16,
        },
        new()
        {
            Name = "static",
            Description = "a batch is served to its end before the next begins; for comparison",
            Source = "batches of 32, as Orca (OSDI 2022) has them for comparison",
            BlockSize = 16,
            PrefixCaching = false,
            Scheduler = _ => new SchedulerOptions
            {
                Batching = BatchingMode.Static,
                ReserveForOutput = true,
                ChunkedPrefill = false,
                MaxTokensPerStep = 1 << 20,
                MaxSequences = 32,
                AdmissionReserve = 0,
            },
        },
    ];

    /// <summary>One by name.</summary>
    /// <param name="name">Its name; case does not count.</param>
    /// <param name="origin">Where the name came from, for the error.</param>
    /// <exception cref="InferometerException">There is none of that name.</exception>
    public static SchedulingPolicy Find(string name, string origin) =>
        All.FirstOrDefault(p => string.Equals(p.Name, name, StringComparison.OrdinalIgnoreCase)) ?? throw new InferometerException(
            $"{origin}: '{name}' is not a scheduling policy.{NameSuggestion.For(name, All.Select(p => p.Name))} "
            + $"Allowed: {string.Join(", ", All.Select(p => p.Name))}.");

    /// <summary>Options of a simulation with this policy.</summary>
    /// <param name="device">The device, whose memory some defaults follow.</param>
    /// <param name="maxSequenceTokens">Longest sequence.</param>
    public ServingSimulationOptions OptionsFor(Device device, int maxSequenceTokens)
    {
        ArgumentNullException.ThrowIfNull(device);
        return new ServingSimulationOptions
        {
            Scheduler = Scheduler(device.MemoryBytes) with { MaxSequenceTokens = maxSequenceTokens, MaxQueueLength = int.MaxValue },
            BlockSize = BlockSize,
            PrefixCaching = PrefixCaching,
        };
    }
}
