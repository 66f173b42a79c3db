using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Inferometer.ReferenceModels;

/// <summary>Names, metadata and weight layout a GGUF converter gives to a Hugging Face model of the supported families.</summary>
public static partial class GgufConversion
{
    public static IReadOnlyList<KeyValuePair<string, object>> Metadata(JsonObject config)
    {
        string type = (string)config["model_type"]!;
        string arch = Architecture(type);
        int heads = (int)config["num_attention_heads"]!;
        int headDim = (int?)config["head_dim"] ?? ((int)config["hidden_size"]! / heads);
        List<KeyValuePair<string, object>> result =
        [
            new("general.architecture", arch),
            new("general.name", "tiny " + type),
        ];
        void Add(string key, object value) => result.Add(new(arch + "." + key, value));
        Add("block_count", (int)config["num_hidden_layers"]!);
        Add("context_length", (int)config["max_position_embeddings"]!);
        Add("embedding_length", (int)config["hidden_size"]!);
        Add("feed_forward_length", (int)config["intermediate_size"]!);
        Add("attention.head_count", heads);
        Add("attention.head_count_kv", (int)config["num_key_value_heads"]!);
        Add("attention.key_length", headDim);
        Add("attention.value_length", headDim);
        Add("attention.layer_norm_rms_epsilon", (double)config["rms_norm_eps"]!);
        Add("rope.freq_base", (double)config["rope_theta"]!);
        Add("rope.dimension_count", (int)(headDim * ((double?)config["partial_rotary_factor"] ?? 1)));
        Add("vocab_size", (int)config["vocab_size"]!);
        foreach ((string from, string to) in OptionalKeys)
        {
            if (config[from] is JsonValue value && (bool?)config["use_sliding_window"] is not false)
            {
                Add(to, to.EndsWith("softcapping", StringComparison.Ordinal) ? (object)(double)value : (int)value);
            }
        }

        AddScaling(config, Add);
        result.Add(new("tokenizer.ggml.tokens", Enumerable.Range(0, (int)config["vocab_size"]!)
            .Select(i => "t" + i.ToString(CultureInfo.InvariantCulture)).ToArray()));
        return result;
    }

    public static IReadOnlyList<KeyValuePair<string, ReferenceTensor>> Tensors(
        JsonObject config, IReadOnlyDictionary<string, ReferenceTensor> weights)
    {
        string type = (string)config["model_type"]!;
        Dictionary<string, ReferenceTensor> result = new(StringComparer.Ordinal);
        SortedDictionary<string, SortedList<int, ReferenceTensor>> experts = new(StringComparer.Ordinal);
        foreach ((string name, ReferenceTensor tensor) in weights)
        {
            Match expert = ExpertName().Match(name);
            if (expert.Success)
            {
                string matrix =
                    expert.Groups["matrix"].Value switch { "w1" or "gate_proj" => "gate", "w3" or "up_proj" => "up", _ => "down" };
                string stacked = $"blk.{expert.Groups["layer"].Value}.ffn_{matrix}_exps.weight";
                experts.TryAdd(stacked, []);
                experts[stacked].Add(int.Parse(expert.Groups["expert"].Value, CultureInfo.InvariantCulture), tensor);
                continue;
            }

            result[Name(type, name)] = Layout(config, type, name, tensor);
        }

        foreach ((string name, SortedList<int, ReferenceTensor> list) in experts)
        {
            ReferenceTensor first = list.Values[0];
            result[name] = new ReferenceTensor([list.Count, .. first.Shape], [.. list.Values.SelectMany(tensor => tensor.Data)]);
        }

        AddScalingTensors(config, result);
        return [.. result];
    }

    private static readonly (string From, string To)[] OptionalKeys =
    [
        ("sliding_window", "attention.sliding_window"),
        ("num_local_experts", "expert_count"),
        ("num_experts", "expert_count"),
        ("num_experts_per_tok", "expert_used_count"),
        ("moe_intermediate_size", "expert_feed_forward_length"),
        ("shared_expert_intermediate_size", "expert_shared_feed_forward_length"),
        ("attn_logit_softcapping", "attn_logit_softcapping"),
        ("final_logit_softcapping", "final_logit_softcapping"),
    ];

    private static string Architecture(string type) => type switch
    {
        "mistral" or "mixtral" => "llama",
        "gemma3_text" => "gemma3",
        "qwen2_moe" => "qwen2moe",
        "qwen3_moe" => "qwen3moe",
        _ => type,
    };

    private static void AddScaling(JsonObject config, Action<string, object> add)
    {
        if (config["rope_scaling"] is not JsonObject scaling)
        {
            return;
        }

        string kind = (string?)scaling["rope_type"] ?? (string)scaling["type"]!;
        switch (kind)
        {
            case "linear" or "yarn":
                add("rope.scaling.type", kind);
                add("rope.scaling.factor", (double)scaling["factor"]!);
                if (scaling["original_max_position_embeddings"] is JsonNode original)
                {
                    add("rope.scaling.original_context_length", (int)original);
                }

                break;
            case "longrope":
                int trained = (int)config["original_max_position_embeddings"]!;
                double extension = (double)(int)config["max_position_embeddings"]! / trained;
                add("rope.scaling.original_context_length", trained);
                add("rope.scaling.attn_factor", Math.Sqrt(1 + (Math.Log(extension) / Math.Log(trained))));
                break;
            case "llama3":
                break; // carried by the rope_freqs tensor alone
            default:
                throw new ArgumentException($"GGUF files have no rope scaling '{kind}'", nameof(config));
        }
    }

    private static void AddScalingTensors(JsonObject config, Dictionary<string, ReferenceTensor> result)
    {
        if (config["rope_scaling"] is not JsonObject scaling)
        {
            return;
        }

        if (scaling["long_factor"] is JsonArray longFactors)
        {
            result["rope_factors_long.weight"] = Vector(longFactors);
            result["rope_factors_short.weight"] = Vector((JsonArray)scaling["short_factor"]!);
        }

        if ((string?)scaling["rope_type"] is "llama3")
        {
            int headDim = (int?)config["head_dim"] ?? ((int)config["hidden_size"]! / (int)config["num_attention_heads"]!);
            float[] divisors = new float[headDim / 2];
            double theta = (double)config["rope_theta"]!, factor = (double)scaling["factor"]!;
            double low = (double)scaling["low_freq_factor"]!, high = (double)scaling["high_freq_factor"]!;
            double original = (double)scaling["original_max_position_embeddings"]!;
            for (int i = 0; i < divisors.Length; i++)
            {
                double wavelength = 2 * Math.PI * Math.Pow(theta, 2.0 * i / headDim);
                double smooth = Math.Clamp(((original / wavelength) - low) / (high - low), 0, 1);
                divisors[i] = (float)(1 / (((1 - smooth) / factor) + smooth));
            }

            result["rope_freqs.weight"] = new ReferenceTensor([divisors.Length], divisors);
        }
    }

    private static ReferenceTensor Vector(JsonArray values) => new([values.Count], [.. values.Select(value => (float)(double)value!)]);

    private static string Name(string type, string name)
    {
        string renamed = LayerName().Replace(name, "blk.${layer}.");
        bool post = type is "gemma2" or "gemma3_text";
        (string From, string To)[] parts =
        [
            ("model.embed_tokens", "token_embd"), ("model.norm", "output_norm"), ("lm_head", "output"),
            ("self_attn.q_proj", "attn_q"), ("self_attn.k_proj", "attn_k"), ("self_attn.v_proj", "attn_v"),
            ("self_attn.qkv_proj", "attn_qkv"), ("self_attn.o_proj", "attn_output"),
            ("self_attn.q_norm", "attn_q_norm"), ("self_attn.k_norm", "attn_k_norm"),
            ("input_layernorm", "attn_norm"), ("post_attention_layernorm", post ? "post_attention_norm" : "ffn_norm"),
            ("pre_feedforward_layernorm", "ffn_norm"), ("post_feedforward_layernorm", "post_ffw_norm"),
            ("mlp.shared_expert_gate", "ffn_gate_inp_shexp"), ("mlp.shared_expert.gate_proj", "ffn_gate_shexp"),
            ("mlp.shared_expert.up_proj", "ffn_up_shexp"), ("mlp.shared_expert.down_proj", "ffn_down_shexp"),
            ("mlp.gate_up_proj", "ffn_up"), ("mlp.gate_proj", "ffn_gate"), ("mlp.up_proj", "ffn_up"), ("mlp.down_proj", "ffn_down"),
            ("block_sparse_moe.gate", "ffn_gate_inp"), ("mlp.gate.", "ffn_gate_inp."),
        ];
        foreach ((string from, string to) in parts)
        {
            renamed = renamed.Replace(from, to, StringComparison.Ordinal);
        }

        return renamed;
    }

    private static ReferenceTensor Layout(JsonObject config, string type, string name, ReferenceTensor tensor)
    {
        if (type.StartsWith("gemma", StringComparison.Ordinal) && name.EndsWith("norm.weight", StringComparison.Ordinal))
        {
            return tensor with { Data = [.. tensor.Data.Select(value => value + 1)] };
        }

        if (Architecture(type) is not "llama"
            || !(name.Contains("q_proj", StringComparison.Ordinal) || name.Contains("k_proj", StringComparison.Ordinal)))
        {
            return name.EndsWith("shared_expert_gate.weight", StringComparison.Ordinal) ? tensor with { Shape = [tensor.Columns] } : tensor;
        }

        // Rows of a head go from (first half, second half) to neighbours: 0, h, 1, h+1, ...
        int heads = (int)config[name.Contains("q_proj", StringComparison.Ordinal) ? "num_attention_heads" : "num_key_value_heads"]!;
        int headDim = tensor.Rows / heads;
        float[] permuted = new float[tensor.Data.Length];
        for (int row = 0; row < tensor.Rows; row++)
        {
            int within = row % headDim;
            int source = row - within + (within / 2) + (within % 2 * (headDim / 2));
            tensor.Data.AsSpan(source * tensor.Columns, tensor.Columns).CopyTo(permuted.AsSpan(row * tensor.Columns));
        }

        return tensor with { Data = permuted };
    }

    [GeneratedRegex(
        @"^model\.layers\.(?<layer>\d+)\.(mlp|block_sparse_moe)\.experts\.(?<expert>\d+)\.(?<matrix>\w+)\.weight$",
        RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ExpertName();

    [GeneratedRegex(@"^model\.layers\.(?<layer>\d+)\.", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex LayerName();
}
