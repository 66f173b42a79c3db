using System.Text.Json.Nodes;

namespace Inferometer.ReferenceModels;

/// <summary>
/// A tiny network of one of the supported families with random weights, written to disk as a Hugging Face folder or a GGUF file.
/// </summary>
public sealed class TinyModel
{
    private TinyModel(JsonObject config, Dictionary<string, ReferenceTensor> weights) => (Config, Weights) = (config, weights);

    public JsonObject Config { get; }

    public Dictionary<string, ReferenceTensor> Weights { get; }

    public ReferenceModel Reference => new(Config, Weights);

    private int Hidden => (int)Config["hidden_size"]!;

    private string Type => (string)Config["model_type"]!;

    /// <summary>A model of the family of <paramref name="modelType"/>, whose defaults <paramref name="changes"/> overrides.</summary>
    public static TinyModel Create(string modelType, JsonObject? changes = null, int seed = 7)
    {
        JsonObject config = TinyConfigs.Of(modelType);
        foreach ((string key, JsonNode? value) in changes ?? [])
        {
            config[key] = value?.DeepClone();
        }

        // Read again from text, so that numbers are what a file would give: neither int nor double until asked.
        TinyModel model = new(JsonNode.Parse(config.ToJsonString())!.AsObject(), []);
        model.Fill(new Random(seed));
        return model;
    }

    /// <summary>Writes config.json and model.safetensors.</summary>
    public string WriteFolder(TemporaryFolder folder)
    {
        string path = folder.Create("hf");
        File.WriteAllText(Path.Combine(path, "config.json"), Config.ToJsonString());
        SafetensorsFile.Write(Path.Combine(path, "model.safetensors"), Weights);
        return path;
    }

    /// <summary>Writes a GGUF file with the names, layouts and folded offsets that GGUF converters use.</summary>
    public string WriteGguf(TemporaryFolder folder)
    {
        string path = Path.Combine(folder.Create("gguf"), "model.gguf");
        GgufFile.Write(path, GgufConversion.Metadata(Config), GgufConversion.Tensors(Config, Weights));
        return path;
    }

    private void Fill(Random random)
    {
        int vocabulary = (int)Config["vocab_size"]!;
        bool gemma = Type.StartsWith("gemma", StringComparison.Ordinal);
        Weights["model.embed_tokens.weight"] = ReferenceTensor.Random(random, gemma ? 0.3 : 1, 0, vocabulary, Hidden);
        AddNorm(random, "model.norm", Hidden);
        if (!((bool?)Config["tie_word_embeddings"] ?? gemma))
        {
            AddMatrix(random, "lm_head", vocabulary, Hidden);
        }

        for (int layer = 0; layer < (int)Config["num_hidden_layers"]!; layer++)
        {
            string prefix = $"model.layers.{layer}.";
            AddNorm(random, prefix + "input_layernorm", Hidden);
            AddNorm(random, prefix + "post_attention_layernorm", Hidden);
            if (Type is "gemma2" or "gemma3_text")
            {
                AddNorm(random, prefix + "pre_feedforward_layernorm", Hidden);
                AddNorm(random, prefix + "post_feedforward_layernorm", Hidden);
            }

            AddAttention(random, prefix + "self_attn.");
            AddFeedForward(random, layer, prefix);
        }
    }

    private void AddAttention(Random random, string prefix)
    {
        int heads = (int)Config["num_attention_heads"]!;
        int headDim = (int?)Config["head_dim"] ?? (Hidden / heads);
        int queries = heads * headDim, keys = (int)Config["num_key_value_heads"]! * headDim;
        if (Type is "phi3")
        {
            AddMatrix(random, prefix + "qkv_proj", queries + keys + keys, Hidden, gain: 1.5);
        }
        else
        {
            AddMatrix(random, prefix + "q_proj", queries, Hidden, gain: 1.5);
            AddMatrix(random, prefix + "k_proj", keys, Hidden, gain: 1.5);
            AddMatrix(random, prefix + "v_proj", keys, Hidden);
        }

        AddMatrix(random, prefix + "o_proj", Hidden, queries);
        if (Type is "qwen2" or "qwen2_moe")
        {
            Weights[prefix + "q_proj.bias"] = ReferenceTensor.Random(random, 0.5, 0, queries);
            Weights[prefix + "k_proj.bias"] = ReferenceTensor.Random(random, 0.5, 0, keys);
            Weights[prefix + "v_proj.bias"] = ReferenceTensor.Random(random, 0.5, 0, keys);
        }

        if (Type is "qwen3" or "qwen3_moe" or "gemma3_text")
        {
            AddNorm(random, prefix + "q_norm", headDim);
            AddNorm(random, prefix + "k_norm", headDim);
        }
    }

    private void AddFeedForward(Random random, int layer, string prefix)
    {
        int width = (int)Config["intermediate_size"]!;
        if (Type is "mixtral")
        {
            AddMatrix(random, prefix + "block_sparse_moe.gate", (int)Config["num_local_experts"]!, Hidden);
            for (int expert = 0; expert < (int)Config["num_local_experts"]!; expert++)
            {
                AddGated(random, prefix + $"block_sparse_moe.experts.{expert}.", "w1", "w3", "w2", width);
            }

            return;
        }

        string mlp = prefix + "mlp.";
        if (Type is "phi3")
        {
            AddMatrix(random, mlp + "gate_up_proj", 2 * width, Hidden);
            AddMatrix(random, mlp + "down_proj", Hidden, width);
        }
        else if (Type is "qwen2_moe" or "qwen3_moe" && (layer + 1) % ((int?)Config["decoder_sparse_step"] ?? 1) == 0)
        {
            AddMatrix(random, mlp + "gate", (int)Config["num_experts"]!, Hidden);
            for (int expert = 0; expert < (int)Config["num_experts"]!; expert++)
            {
                AddGated(random, mlp + $"experts.{expert}.", "gate_proj", "up_proj", "down_proj", (int)Config["moe_intermediate_size"]!);
            }

            if (Type is "qwen2_moe")
            {
                AddGated(
                    random, mlp + "shared_expert.", "gate_proj", "up_proj", "down_proj", (int)Config["shared_expert_intermediate_size"]!);
                AddMatrix(random, mlp + "shared_expert_gate", 1, Hidden);
            }
        }
        else
        {
            AddGated(random, mlp, "gate_proj", "up_proj", "down_proj", width);
        }
    }

    private void AddGated(Random random, string prefix, string gate, string up, string down, int width)
    {
        AddMatrix(random, prefix + gate, width, Hidden);
        AddMatrix(random, prefix + up, width, Hidden);
        AddMatrix(random, prefix + down, Hidden, width);
    }

    private void AddMatrix(Random random, string name, int rows, int columns, double gain = 1) =>
        Weights[name + ".weight"] = ReferenceTensor.Random(random, gain / Math.Sqrt(columns), 0, rows, columns);

    private void AddNorm(Random random, string name, int width)
    {
        bool offset = Type.StartsWith("gemma", StringComparison.Ordinal);
        Weights[name + ".weight"] = ReferenceTensor.Random(random, 0.2, offset ? 0 : 1, width);
    }
}
