namespace Inferometer.Measurement.Published;

/// <summary>One recorded run of a serving engine, request by request, with the engine's settings.</summary>
public sealed record ServingTrace
{
    /// <summary>Name of the run.</summary>
    public required string Run { get; init; }

    /// <summary>File of the requests.</summary>
    public required string Table { get; init; }

    /// <summary>Device, as the settings name it.</summary>
    public required string System { get; init; }

    /// <summary>Model, a Hugging Face id.</summary>
    public required string Model { get; init; }

    /// <summary>Framework.</summary>
    public string Framework { get; init; } = "vllm";

    /// <summary>Version of the framework.</summary>
    public string Version { get; init; } = "";

    /// <summary>Number format of the weights.</summary>
    public string Precision { get; init; } = "bf16";

    /// <summary>The engine.</summary>
    public required EnginePool Engine { get; init; }

    /// <summary>Most sequences in a step (vLLM: <c>max_num_seqs</c>).</summary>
    public required int MaxSequences { get; init; }

    /// <summary>Most tokens of a step (vLLM: <c>max_num_batched_tokens</c>).</summary>
    public required int MaxStepTokens { get; init; }

    /// <summary>Blocks of KV cache; null where they were not recorded.</summary>
    public int? KvBlocks { get; init; }

    /// <summary>Tokens of a block.</summary>
    public int BlockSize { get; init; } = 16;

    /// <summary>Whether prompts that begin alike shared their cache.</summary>
    public bool PrefixCaching { get; init; } = true;

    /// <summary>The requests in order of arrival.</summary>
    public required IReadOnlyList<TracedRequest> Requests { get; init; }
}
