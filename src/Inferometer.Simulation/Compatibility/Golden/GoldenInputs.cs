using System.Text.Json;
using Inferometer.Core;

namespace Inferometer.Simulation.Compatibility.Golden;

/// <summary>Reads the records of a case.</summary>
internal static class GoldenInputs
{
    public static CompatibilityDialect Dialect(string engine) => engine switch
    {
        "genz" => CompatibilityDialect.Genz,
        "bud" => CompatibilityDialect.Bud,
        _ => throw new InferometerException($"Engine '{engine}' is not known. Allowed: genz, bud."),
    };

    public static CompatibilitySetup Setup(JsonElement root)
    {
        JsonElement inputs = root.GetProperty("inputs");
        return new CompatibilitySetup(Model(root.GetProperty("model")), Hardware(root.GetProperty("hardware"), inputs), Deployment(inputs));
    }

    public static CompatibilityModel Model(JsonElement model)
    {
        int? period = Integer(model, "global_attn_every_n_layers");
        bool mamba = Flag(model, "is_mamba");
        return new CompatibilityModel
        {
            Name = model.GetProperty("name").GetString()!,
            VocabularySize = model.GetProperty("vocab_size").GetInt64(),
            HiddenSize = model.GetProperty("hidden_size").GetInt64(),
            IntermediateSize = model.GetProperty("intermediate_size").GetInt64(),
            FeedForwardInputs = Integer(model, "num_ffi") ?? 1,
            Layers = model.GetProperty("num_decoder_layers").GetInt32(),
            Heads = model.GetProperty("num_attention_heads").GetInt32(),
            HeadDim = model.GetProperty("head_dim").GetInt32(),
            KvHeads = model.GetProperty("num_key_value_heads").GetInt32(),
            Experts = Integer(model, "num_experts") ?? 1,
            ExpertsPerToken = Integer(model, "expert_top_k") ?? 1,
            ExpertIntermediateSize = Integer(model, "moe_intermediate_size"),
            SharedExperts = Integer(model, "n_shared_experts") ?? 0,
            SharedExpertIntermediateSize = Integer(model, "shared_expert_intermediate_size"),
            FineGrainedExperts = string.Equals(Text(model, "ffn_implementation"), "deepseek", StringComparison.Ordinal),
            WindowTokens = Integer(model, "sliding_window"),
            GlobalLayerPeriod = period,
            LatentAttention = Flag(model, "is_mla") ? Latent(model) : null,
            // Presets with interleaved windows list every layer as unique too; only the others hold layers of different kinds.
            HasOtherLayerKinds = mamba || (period is null && (Integer(model, "unique_layers") ?? 1) > 1),
        };
    }

    public static CompatibilityHardware Hardware(JsonElement hardware, JsonElement inputs) => new()
    {
        Name = hardware.GetProperty("name").GetString()!,
        PeakTeraFlops = hardware.GetProperty("peak_tflops_bf16").GetDouble(),
        MemoryGib = hardware.GetProperty("memory_gib").GetDouble(),
        MemoryBandwidthGib = hardware.GetProperty("memory_bw_gibs").GetDouble(),
        LinkBandwidthGib = hardware.GetProperty("interconnect_bw_gibs").GetDouble(),
        LinkLatencyMicroseconds = Number(hardware, "interconnect_latency_us") ?? 1,
        Kind = Text(hardware, "type"),
        Manufacturer = Text(hardware, "manufacturer"),
        MemoryType = Text(hardware, "memory_type"),
        TensorCores = Text(hardware, "tensor_cores"),
        Calibration = hardware.TryGetProperty("inference_calibration", out JsonElement c) && c.ValueKind == JsonValueKind.Object
            ? new CompatibilityCalibration(Calibration(c, "prefill"), Calibration(c, "decode"))
            : null,
        GivenInline = string.Equals(Text(inputs, "system_given_as"), "dict", StringComparison.Ordinal),
    };

    public static CompatibilityDeployment Deployment(JsonElement inputs) => new()
    {
        TensorParallel = Integer(inputs, "tp") ?? 1,
        PipelineParallel = Integer(inputs, "pp") ?? 1,
        ExpertParallel = Integer(inputs, "ep") ?? 1,
        Bits = Text(inputs, "bits") ?? "bf16",
        SystemEfficiency = Number(inputs, "system_eff") ?? 1,
        Offload = Flag(inputs, "model_offload"),
    };

    public static IReadOnlyList<CompatibilityChunk> Chunks(JsonElement inputs) =>
        [.. inputs.GetProperty("prefill_kv_sizes").EnumerateArray().Select(e => new CompatibilityChunk(e[0].GetInt64(), e[1].GetInt64()))];

    public static IReadOnlyList<CompatibilityDecodeEntry> Decodes(JsonElement inputs) =>
    [
        .. inputs.GetProperty("decode_kv_sizes").EnumerateArray().Select(e => e.ValueKind == JsonValueKind.Number
            ? CompatibilityDecodeEntry.Single(e.GetInt64())
            : e.GetArrayLength() == 2
                ? CompatibilityDecodeEntry.OfEqual(e[0].GetInt32(), e[1].GetInt64())
                : CompatibilityDecodeEntry.OfBeams(e[0].GetInt32(), e[1].GetInt32(), e[2].GetInt64(), e[3].GetInt64())),
    ];

    public static CompatibilityNetwork Network(JsonElement inputs)
    {
        if (inputs.TryGetProperty("network_config", out JsonElement levels) && levels.ValueKind == JsonValueKind.Object)
        {
            JsonElement bandwidth = levels.GetProperty("bandwidth_gb_per_s");
            JsonElement latency = levels.GetProperty("latency_us");
            return new CompatibilityNetwork(bandwidth[0].GetDouble() * 1e9, latency[0].GetDouble() * 1e-6)
            {
                DevicesPerNode = levels.GetProperty("devices_per_level")[0].GetInt32(),
                InterNodeBytesPerSecond = bandwidth[1].GetDouble() * 1e9,
                InterNodeLatencySeconds = latency[1].GetDouble() * 1e-6,
            };
        }

        return new CompatibilityNetwork(
            inputs.GetProperty("link_bw_gibs").GetDouble() * CompatibilityHardware.Gibi,
            inputs.GetProperty("link_latency_us").GetDouble() * 1e-6)
        {
            DevicesPerNode = Integer(inputs, "devices_per_node") ?? 8,
        };
    }

    public static CompatibilityMemoryQuery MemoryQuery(JsonElement model, JsonElement inputs, double parameterCount) => new()
    {
        ParameterCount = parameterCount,
        HiddenSize = model.GetProperty("hidden_size").GetInt64(),
        IntermediateSize = model.GetProperty("intermediate_size").GetInt64(),
        Layers = model.GetProperty("num_hidden_layers").GetInt32(),
        Heads = model.GetProperty("num_attention_heads").GetInt32(),
        KvHeads = model.GetProperty("num_key_value_heads").GetInt32(),
        LatentRank = Integer(model, "kv_lora_rank"),
        WindowTokens = Integer(model, "sliding_window"),
        Gated = Text(model, "hidden_act") is "silu" or "swiglu" or "geglu",
        Batch = inputs.GetProperty("batch_size").GetInt32(),
        SequenceTokens = inputs.GetProperty("seq_length").GetInt64(),
        Bits = Text(inputs, "precision") ?? "bf16",
        TensorParallel = Integer(inputs, "tensor_parallel") ?? 1,
        Lora = Lora(inputs),
    };

    public static int? Integer(JsonElement owner, string name) =>
        owner.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number ? value.GetInt32() : null;

    public static string? Text(JsonElement owner, string name) =>
        owner.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static double? Number(JsonElement owner, string name) =>
        owner.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;

    private static bool Flag(JsonElement owner, string name) =>
        owner.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.True;

    private static CompatibilityLatentAttention Latent(JsonElement model) => new(
        model.GetProperty("q_lora_rank").GetInt64(),
        model.GetProperty("kv_lora_rank").GetInt64(),
        model.GetProperty("qk_rope_head_dim").GetInt64(),
        model.GetProperty("qk_nope_head_dim").GetInt64(),
        model.GetProperty("v_head_dim").GetInt64());

    private static CompatibilityPhaseCalibration? Calibration(JsonElement block, string phase) =>
        block.TryGetProperty(phase, out JsonElement c)
            ? new CompatibilityPhaseCalibration(
                Number(c, "eta_compute"), Number(c, "eta_mem"), Number(c, "t_launch_ms") ?? 0, Number(c, "c_stream_ms_per_layer") ?? 0)
            : null;

    private static CompatibilityLora? Lora(JsonElement inputs)
    {
        if (Integer(inputs, "max_loras") is not { } adapters || Integer(inputs, "max_lora_rank") is not { } rank)
        {
            return null;
        }

        string[]? targets = inputs.TryGetProperty("target_modules", out JsonElement list)
            ? [.. list.EnumerateArray().Select(e => e.GetString()!)]
            : null;
        return new CompatibilityLora(adapters, rank)
        {
            OnAttention = targets is null || targets.Contains("attn", StringComparer.Ordinal),
            OnFeedForward = targets is null || targets.Contains("ffn", StringComparer.Ordinal),
            FullySharded = Flag(inputs, "fully_sharded_loras"),
        };
    }
}
