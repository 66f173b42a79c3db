using System.Text.Json.Nodes;

namespace Inferometer.ReferenceModels;

/// <summary>A tiny Gemma 3n or 4 with random weights under the names of its checkpoints.</summary>
public sealed class GemmaModel
{
    private const int Hidden = GemmaSpec.Hidden;

    private readonly Random _random = new(17);

    public GemmaModel(GemmaSpec spec)
    {
        Spec = spec;
        Config = Describe(spec);
        Fill();
    }

    public GemmaSpec Spec { get; }

    public JsonObject Config { get; }

    public Dictionary<string, ReferenceTensor> Weights { get; } = new(StringComparer.Ordinal);

    /// <summary>Writes config.json and model.safetensors.</summary>
    public string WriteFolder(TemporaryFolder folder)
    {
        string path = folder.Create("gemma");
        File.WriteAllText(Path.Combine(path, "config.json"), Config.ToJsonString());
        SafetensorsFile.Write(Path.Combine(path, "model.safetensors"), Weights);
        return path;
    }

    private static JsonObject Describe(GemmaSpec spec)
    {
        JsonArray Of<T>(Func<int, T> value) =>
            new([.. Enumerable.Range(0, GemmaSpec.Layers).Select(i => (JsonNode?)JsonValue.Create(value(i)))]);
        JsonObject config = new()
        {
            ["model_type"] = spec.ModelType,
            ["hidden_size"] = Hidden,
            ["num_hidden_layers"] = GemmaSpec.Layers,
            ["num_attention_heads"] = GemmaSpec.Heads,
            ["num_key_value_heads"] = 2,
            ["head_dim"] = GemmaSpec.HeadDim,
            ["vocab_size"] = GemmaSpec.Vocabulary,
            ["max_position_embeddings"] = 256,
            ["rms_norm_eps"] = 1e-6,
            ["hidden_activation"] = "gelu_pytorch_tanh",
            ["sliding_window"] = GemmaSpec.Window,
            ["layer_types"] = Of(i => GemmaSpec.IsGlobal(i) ? "full_attention" : "sliding_attention"),
            ["num_kv_shared_layers"] = spec.SharedLayers,
            ["hidden_size_per_layer_input"] = spec.HasInputs ? GemmaSpec.InputWidth : 0,
            ["vocab_size_per_layer_input"] = GemmaSpec.InputRows,
            ["final_logit_softcapping"] = 30.0,
            ["rope_parameters"] = new JsonObject
            {
                ["full_attention"] = spec.IsThird
                    ? new JsonObject { ["rope_theta"] = 1e6, ["rope_type"] = "default" }
                    : new JsonObject { ["rope_theta"] = 1e6, ["rope_type"] = "proportional", ["partial_rotary_factor"] = 0.25 },
                ["sliding_attention"] = new JsonObject { ["rope_theta"] = 10000.0, ["rope_type"] = "default" },
            },
        };
        if (spec.IsThird)
        {
            config["intermediate_size"] = Of(spec.InnerOf);
            config["activation_sparsity_pattern"] = Of(spec.CutOf);
            config["altup_num_inputs"] = GemmaSpec.Streams;
            config["altup_active_idx"] = 0;
            config["altup_correct_scale"] = true;
            config["laurel_rank"] = GemmaSpec.Rank;
            return config;
        }

        config["intermediate_size"] = GemmaSpec.Inner;
        config["use_double_wide_mlp"] = spec.DoublesShared;
        config["global_head_dim"] = GemmaSpec.GlobalHeadDim;
        config["attention_k_eq_v"] = spec.KeysAreValues;
        config["num_global_key_value_heads"] = spec.GlobalKvHeads;
        config["enable_moe_block"] = spec.HasExperts;
        if (spec.HasExperts)
        {
            config["num_experts"] = GemmaSpec.Experts;
            config["top_k_experts"] = 2;
            config["moe_intermediate_size"] = GemmaSpec.ExpertInner;
        }

        return config;
    }

    private void Fill()
    {
        Matrix("model.embed_tokens", GemmaSpec.Vocabulary, Hidden);
        Vector("model.norm.weight", 1, Hidden);
        if (Spec.HasInputs)
        {
            Matrix("model.embed_tokens_per_layer", GemmaSpec.InputRows, GemmaSpec.Layers * GemmaSpec.InputWidth);
            Matrix("model.per_layer_model_projection", GemmaSpec.Layers * GemmaSpec.InputWidth, Hidden);
            Vector("model.per_layer_projection_norm.weight", 1, GemmaSpec.InputWidth);
        }

        for (int i = 0; Spec.IsThird && i < GemmaSpec.Streams - 1; i++)
        {
            Matrix($"model.altup_projections.{i}", Hidden, Hidden);
            Matrix($"model.altup_unembed_projections.{i}", Hidden, Hidden);
        }

        for (int layer = 0; layer < GemmaSpec.Layers; layer++)
        {
            FillLayer(layer, $"model.layers.{layer}.");
        }
    }

    private void FillLayer(int layer, string prefix)
    {
        string[] norms =
            ["input_layernorm", "post_attention_layernorm", "pre_feedforward_layernorm", "post_feedforward_layernorm"];
        foreach (string norm in norms)
        {
            Vector(prefix + norm + ".weight", 1, Hidden);
        }

        Attention(layer, prefix + "self_attn.");
        Matrix(prefix + "mlp.gate_proj", Spec.InnerOf(layer), Hidden, 1.5);
        Matrix(prefix + "mlp.up_proj", Spec.InnerOf(layer), Hidden);
        Matrix(prefix + "mlp.down_proj", Hidden, Spec.InnerOf(layer));
        if (Spec.HasExperts)
        {
            Mixture(prefix);
        }

        if (Spec.HasInputs)
        {
            Matrix(prefix + "per_layer_input_gate", GemmaSpec.InputWidth, Hidden);
            Matrix(prefix + "per_layer_projection", Hidden, GemmaSpec.InputWidth);
            Vector(prefix + "post_per_layer_input_norm.weight", 1, Hidden);
        }

        if (!Spec.IsThird)
        {
            Vector(prefix + "layer_scalar", 0.9, 1);
            return;
        }

        Vector(prefix + "altup.router_norm.weight", 1, Hidden);
        Matrix(prefix + "altup.modality_router", GemmaSpec.Streams, Hidden, 60);
        Matrix(prefix + "altup.prediction_coefs", GemmaSpec.Streams * GemmaSpec.Streams, GemmaSpec.Streams, 0.5);
        Matrix(prefix + "altup.correction_coefs", GemmaSpec.Streams, GemmaSpec.Streams, 0.5);
        Vector(prefix + "altup.correct_output_scale", 1, Hidden);
        Matrix(prefix + "laurel.linear_left", GemmaSpec.Rank, Hidden);
        Matrix(prefix + "laurel.linear_right", Hidden, GemmaSpec.Rank);
        Vector(prefix + "laurel.post_laurel_norm.weight", 1, Hidden);
    }

    private void Attention(int layer, string prefix)
    {
        int width = Spec.WidthOf(layer), keys = Spec.KvHeadsOf(layer) * width;
        Matrix(prefix + "q_proj", GemmaSpec.Heads * width, Hidden);
        Vector(prefix + "q_norm.weight", 0.5, width);
        Matrix(prefix + "o_proj", Hidden, GemmaSpec.Heads * width);
        if (!Spec.IsShared(layer))
        {
            Matrix(prefix + "k_proj", keys, Hidden);
            Vector(prefix + "k_norm.weight", 0.5, width);
            if (!(Spec.KeysAreValues && GemmaSpec.IsGlobal(layer)))
            {
                Matrix(prefix + "v_proj", keys, Hidden);
            }
        }
    }

    private void Mixture(string prefix)
    {
        Matrix(prefix + "router.proj", GemmaSpec.Experts, Hidden, 4);
        Vector(prefix + "router.scale", 1, Hidden);
        Vector(prefix + "router.per_expert_scale", 1, GemmaSpec.Experts);
        Stack(prefix + "experts.gate_up_proj", 1 / Math.Sqrt(Hidden), GemmaSpec.Experts, 2 * GemmaSpec.ExpertInner, Hidden);
        Stack(prefix + "experts.down_proj", 1 / Math.Sqrt(GemmaSpec.ExpertInner), GemmaSpec.Experts, Hidden, GemmaSpec.ExpertInner);
        string[] norms = ["pre_feedforward_layernorm_2", "post_feedforward_layernorm_1", "post_feedforward_layernorm_2"];
        foreach (string norm in norms)
        {
            Vector(prefix + norm + ".weight", 1, Hidden);
        }
    }

    private void Vector(string name, double mean, int width) => Weights[name] = ReferenceTensor.Random(_random, 0.2, mean, width);

    private void Matrix(string name, int rows, int columns, double gain = 1) =>
        Stack(name + ".weight", gain / Math.Sqrt(columns), rows, columns);

    private void Stack(string name, double deviation, params int[] shape) =>
        Weights[name] = ReferenceTensor.Random(_random, deviation, 0, shape);
}
