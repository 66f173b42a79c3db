using System.Text.Json.Nodes;
using Inferometer.Core;
using Inferometer.Simulation.Configuration;

namespace Inferometer.Cli.Settings;

/// <summary>One estimate as the command line states it. It only becomes a <see cref="SimulationConfig"/>; nothing is computed here.</summary>
internal sealed record EstimateSettings
{
    public required string Model { get; init; }

    /// <summary>Catalog name or file of the system; null when <see cref="InlineSystem"/> is given.</summary>
    public string? System { get; init; }

    /// <summary>Figures of a system of the user's own.</summary>
    public JsonObject? InlineSystem { get; init; }

    public int Tensor { get; init; } = 1;

    public int Pipeline { get; init; } = 1;

    public int Expert { get; init; } = 1;

    public int Data { get; init; } = 1;

    public bool AttentionDataParallel { get; init; }

    public int Batch { get; init; } = 1;

    public int Input { get; init; } = 2048;

    public int Output { get; init; } = 256;

    public int Beams { get; init; } = 1;

    public string Bits { get; init; } = "bf16";

    public string? Weights { get; init; }

    public string? KvCache { get; init; }

    public string? Activations { get; init; }

    public string CostModel { get; init; } = "roofline";

    public int CachedPrefix { get; init; }

    public LoraSetting? Lora { get; init; }

    /// <summary>Compression of the KV cache: <c>q8</c>, <c>q4</c>, a level of the profile beside the model, or a profile file; null = none.</summary>
    public string? KvCompression { get; init; }

    /// <summary>Draft model of speculative decoding, or <c>ngram</c>; null = none.</summary>
    public string? Draft { get; init; }

    public int DraftTokens { get; init; } = 4;

    /// <summary>Acceptance rate; null = the feature's own default, which the result then names as an assumption.</summary>
    public double? AcceptanceRate { get; init; }

    public bool FlashAttention { get; init; } = true;

    /// <summary>Phases: prefill, decode, chunked.</summary>
    public EquatableList<string> Phases { get; init; } = new(["prefill", "decode"]);

    /// <summary>Further features by name.</summary>
    public EquatableList<string> Features { get; init; } = EquatableList<string>.Empty;

    /// <summary>Further parameters, as <c>--param</c> gave them.</summary>
    public JsonObject Parameters { get; init; } = [];

    /// <summary>Devices the deployment takes.</summary>
    public int Devices => Tensor * Pipeline * Data;

    /// <summary>The formats in one word: <c>bf16</c>, or <c>int4/kv fp8</c> where they differ.</summary>
    public string Formats => string.Concat(
        Weights ?? Bits,
        KvCache is null ? "" : $"/kv {KvCache}",
        Activations is null ? "" : $"/act {Activations}");

    /// <summary>The configuration this describes.</summary>
    public SimulationConfig ToConfig()
    {
        JsonObject parameters = new() { ["system_name"] = InlineSystem is null ? System : InlineSystem.DeepClone(), ["bits"] = Bits, ["cost_model"] = CostModel };
        AddWorkload(parameters);
        AddDeployment(parameters);
        AddTechniques(parameters);
        foreach ((string name, JsonNode? value) in Parameters)
        {
            parameters[name] = value?.DeepClone();
        }

        IEnumerable<string> features = [.. Phases, .. FlashAttention ? ["flash_attention"] : Array.Empty<string>(), .. Features];
        return new SimulationConfig
        {
            Model = Model,
            Features = new EquatableList<string>(features.Distinct(StringComparer.Ordinal)),
            SimulationParams = new ParameterBag(parameters, "parameters"),
        };
    }

    // Parameters that no phase reads would be refused, so that a chunked step takes none of the workload.
    private void AddWorkload(JsonObject parameters)
    {
        bool decode = Phases.Contains("decode", StringComparer.Ordinal);
        if (decode || Phases.Contains("prefill", StringComparer.Ordinal))
        {
            parameters["batch_size"] = Batch;
            parameters["input_tokens"] = Input;
        }

        if (decode)
        {
            parameters["output_tokens"] = Output;
            parameters["beam_size"] = Beams;
        }
    }

    private void AddDeployment(JsonObject parameters)
    {
        AddDegree(parameters, "tensor_parallel", Tensor);
        AddDegree(parameters, "pipeline_parallel", Pipeline);
        AddDegree(parameters, "expert_parallel", Expert);
        AddDegree(parameters, "data_parallel", Data);
        if (AttentionDataParallel)
        {
            parameters["data_parallel"] = Data;
            parameters["attention_data_parallel"] = true;
        }

        if (Weights is not null || KvCache is not null || Activations is not null)
        {
            parameters["quantization"] = new JsonObject { ["weights"] = Weights, ["kv_cache"] = KvCache, ["activations"] = Activations };
        }
    }

    private void AddTechniques(JsonObject parameters)
    {
        if (CachedPrefix > 0)
        {
            parameters["prefix_caching"] = new JsonObject { ["cached_tokens"] = CachedPrefix };
        }

        if (Lora is not null)
        {
            parameters["lora"] = Lora.ToJson();
        }

        if (KvCompression is not null)
        {
            parameters["kv_compression"] = new JsonObject { ["profile"] = KvCompression };
        }

        if (Draft is not null)
        {
            parameters["speculative_decode"] = new JsonObject
            {
                ["draft_model"] = Draft,
                ["draft_tokens"] = DraftTokens,
                ["acceptance_rate"] = AcceptanceRate,
            };
        }
    }

    private static void AddDegree(JsonObject parameters, string name, int degree)
    {
        if (degree != 1)
        {
            parameters[name] = degree;
        }
    }
}
