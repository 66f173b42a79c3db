using System.Text.Json.Nodes;

namespace Inferometer.ReferenceModels;

/// <summary>A tiny network of a family with random weights under the names, and in the layouts, of its checkpoints.</summary>
public sealed class FamilyModel
{
    private readonly Random _random = new(11);

    public FamilyModel(FamilySpec spec)
    {
        Spec = spec;
        Config = new JsonObject
        {
            ["model_type"] = spec.ModelType,
            ["hidden_size"] = FamilySpec.Hidden,
            ["intermediate_size"] = FamilySpec.Inner,
            ["num_hidden_layers"] = FamilySpec.Layers,
            ["num_attention_heads"] = FamilySpec.Heads,
            ["num_key_value_heads"] = spec.KvHeads,
            ["head_dim"] = FamilySpec.HeadDim,
            ["vocab_size"] = FamilySpec.Vocabulary,
            ["max_position_embeddings"] = 256,
            ["rms_norm_eps"] = 1e-5,
            ["hidden_act"] = "silu",
            ["tie_word_embeddings"] = spec.Head is null,
            ["rope_theta"] = 10000.0,
        };
        foreach ((string key, JsonNode? value) in spec.Config)
        {
            if (value is null)
            {
                Config.Remove(key);
            }
            else
            {
                Config[key] = value.DeepClone();
            }
        }

        Fill();
    }

    public FamilySpec Spec { get; }

    public JsonObject Config { get; }

    public Dictionary<string, ReferenceTensor> Weights { get; } = new(StringComparer.Ordinal);

    /// <summary>Writes config.json and model.safetensors.</summary>
    public string WriteFolder(TemporaryFolder folder)
    {
        string path = folder.Create("hf");
        File.WriteAllText(Path.Combine(path, "config.json"), Config.ToJsonString());
        SafetensorsFile.Write(Path.Combine(path, "model.safetensors"), Weights);
        return path;
    }

    private void Fill()
    {
        const int Hidden = FamilySpec.Hidden;
        Matrix(Spec.Embedding, FamilySpec.Vocabulary, Hidden, gain: 8);
        if (Spec.Positions is { } positions)
        {
            Matrix(positions, 256, Hidden, gain: 4);
        }

        Norm(Spec.FinalNorm);
        if (Spec.Head is { } head)
        {
            Linear(head, FamilySpec.Vocabulary, Hidden, Spec.HeadBias);
        }

        for (int layer = 0; layer < FamilySpec.Layers; layer++)
        {
            string prefix = $"{Spec.LayerPrefix}{layer}.";
            string?[] norms = [Spec.BeforeAttention, Spec.BehindAttention, Spec.BeforeFeedForward, Spec.BehindFeedForward];
            foreach (string? norm in norms)
            {
                if (norm is not null)
                {
                    Norm(prefix + norm);
                }
            }

            switch (Spec.Mixer(layer))
            {
                case "mamba":
                    Mamba(prefix + Spec.MambaPrefix);
                    break;
                case "latent":
                    Latent(prefix + Spec.Attention);
                    break;
                case "convolution":
                    Linear(prefix + "conv.in_proj", 3 * Hidden, Hidden, bias: false, gain: 2);
                    Stack(prefix + "conv.conv.weight", 0.6, Hidden, 1, FamilySpec.Taps);
                    Linear(prefix + "conv.out_proj", Hidden, Hidden, bias: false);
                    break;
                default:
                    Attention(prefix + Spec.Attention);
                    break;
            }

            if (Spec.HasExperts(layer))
            {
                Mixture(prefix, Spec.Mixture!);
            }
            else if (Spec.HasFeedForward)
            {
                Network(prefix + Spec.FeedForward, Spec.DenseInner);
            }
        }
    }

    private void Attention(string prefix)
    {
        int queries = FamilySpec.Heads * FamilySpec.HeadDim, keys = Spec.KvHeads * FamilySpec.HeadDim;
        if (Spec.Qkv is "alone")
        {
            Linear(prefix + "q_proj", queries, FamilySpec.Hidden, Spec.QkvBias, gain: 1.5);
            Linear(prefix + "k_proj", keys, FamilySpec.Hidden, Spec.QkvBias, gain: 1.5);
            Linear(prefix + "v_proj", keys, FamilySpec.Hidden, Spec.QkvBias);
        }
        else
        {
            Linear(prefix + Spec.FusedQkv, queries + keys + keys, FamilySpec.Hidden, Spec.QkvBias, gain: 1.5);
        }

        Linear(prefix + Spec.Output, FamilySpec.Hidden, queries, Spec.OutputBias);
        if (Spec.HasSinks)
        {
            Weights[prefix + "sinks"] = ReferenceTensor.Random(_random, 1, 0.5, FamilySpec.Heads);
        }

        (string query, string key) = Spec.QkNormNames;
        switch (Spec.QkNorm)
        {
            case "head":
                Vector(prefix + query, 1, FamilySpec.HeadDim);
                Vector(prefix + key, 1, FamilySpec.HeadDim);
                break;
            case "full":
                Vector(prefix + query, 1, queries);
                Vector(prefix + key, 1, keys);
                break;
            case "each" when Spec.ModelType is "stablelm":
                for (int head = 0; head < FamilySpec.Heads; head++)
                {
                    Vector($"{prefix}{query}.norms.{head}", 1, FamilySpec.HeadDim);
                }

                for (int head = 0; head < Spec.KvHeads; head++)
                {
                    Vector($"{prefix}{key}.norms.{head}", 1, FamilySpec.HeadDim);
                }

                break;
            case "each":
                Weights[prefix + query + ".weight"] = ReferenceTensor.Random(_random, 0.2, 1, FamilySpec.Heads, FamilySpec.HeadDim);
                Weights[prefix + key + ".weight"] = ReferenceTensor.Random(_random, 0.2, 1, Spec.KvHeads, FamilySpec.HeadDim);
                break;
        }
    }

    private void Latent(string prefix)
    {
        const int Heads = FamilySpec.Heads, Query = FamilySpec.NopeDim + FamilySpec.RopeDim, Rank = FamilySpec.LatentRank;
        if (Spec.QueryRank > 0)
        {
            Linear(prefix + "q_a_proj", Spec.QueryRank, FamilySpec.Hidden, bias: false);
            Vector(prefix + "q_a_layernorm", 1, Spec.QueryRank);
            Linear(prefix + "q_b_proj", Heads * Query, Spec.QueryRank, bias: false, gain: 1.5);
        }
        else
        {
            Linear(prefix + "q_proj", Heads * Query, FamilySpec.Hidden, bias: false, gain: 1.5);
        }

        Linear(prefix + "kv_a_proj_with_mqa", Rank + FamilySpec.RopeDim, FamilySpec.Hidden, bias: false, gain: 1.5);
        Vector(prefix + "kv_a_layernorm", 1, Rank);
        Linear(prefix + "kv_b_proj", Heads * (FamilySpec.NopeDim + FamilySpec.ValueDim), Rank, bias: false);
        Linear(prefix + "o_proj", FamilySpec.Hidden, Heads * FamilySpec.ValueDim, bias: false);
    }

    private void Mamba(string prefix)
    {
        const int Inner = FamilySpec.MambaHeads * FamilySpec.MambaWidth;
        const int Channels = Inner + (2 * FamilySpec.MambaGroups * FamilySpec.MambaState);
        Linear(prefix + "in_proj", Inner + Channels + FamilySpec.MambaHeads, FamilySpec.Hidden, bias: false, gain: 2);
        Stack(prefix + "conv1d.weight", 0.6, Channels, 1, FamilySpec.Taps);
        Weights[prefix + "conv1d.bias"] = ReferenceTensor.Random(_random, 0.3, 0, Channels);
        Weights[prefix + "A_log"] = ReferenceTensor.Random(_random, 0.5, -1, FamilySpec.MambaHeads);
        Weights[prefix + "dt_bias"] = ReferenceTensor.Random(_random, 0.5, 0, FamilySpec.MambaHeads);
        Weights[prefix + "D"] = ReferenceTensor.Random(_random, 0.3, 1, FamilySpec.MambaHeads);
        Vector(prefix + "norm", 1, Inner);
        Linear(prefix + "out_proj", FamilySpec.Hidden, Inner, bias: false);
    }

    private void Network(string prefix, int inner)
    {
        (string? gate, string up, string down) = Spec.Network;
        bool isFused = string.Equals(gate, up, StringComparison.Ordinal);
        if (gate is not null && !isFused)
        {
            Linear(prefix + gate, inner, FamilySpec.Hidden, Spec.FeedForwardBias);
        }

        Linear(prefix + up, isFused ? 2 * inner : inner, FamilySpec.Hidden, Spec.FeedForwardBias);
        Linear(prefix + down, FamilySpec.Hidden, inner, Spec.FeedForwardBias);
        if (Spec.Activation is "xielu")
        {
            Weights[prefix + "act_fn.alpha_p"] = ReferenceTensor.Random(_random, 0.3, 0.5, 1);
            Weights[prefix + "act_fn.alpha_n"] = ReferenceTensor.Random(_random, 0.3, 0.2, 1);
        }
    }

    private void Mixture(string prefix, ExpertSpec spec)
    {
        const int Hidden = FamilySpec.Hidden, Count = FamilySpec.Experts;
        Linear(prefix + spec.Router, Count, Hidden, spec.RouterBias);
        if (spec.Correction is { } correction)
        {
            Weights[prefix + correction] = ReferenceTensor.Random(_random, 0.3, 0, Count);
        }

        switch (spec.Layout)
        {
            case "granite":
                Stack(prefix + "block_sparse_moe.input_linear.weight", 1 / Math.Sqrt(Hidden), Count, 2 * spec.Inner, Hidden);
                Stack(prefix + "block_sparse_moe.output_linear.weight", 1 / Math.Sqrt(spec.Inner), Count, Hidden, spec.Inner);
                break;
            case "llama4":
                Stack(prefix + "feed_forward.experts.gate_up_proj", 2 / Math.Sqrt(Hidden), Count, Hidden, 2 * spec.Inner);
                Stack(prefix + "feed_forward.experts.down_proj", 2 / Math.Sqrt(spec.Inner), Count, spec.Inner, Hidden);
                break;
            case "oss":
                Stack(prefix + "mlp.experts.gate_up_proj", 3 / Math.Sqrt(Hidden), Count, Hidden, 2 * spec.Inner);
                Stack(prefix + "mlp.experts.gate_up_proj_bias", 0.5, Count, 2 * spec.Inner);
                Stack(prefix + "mlp.experts.down_proj", 1 / Math.Sqrt(spec.Inner), Count, spec.Inner, Hidden);
                Stack(prefix + "mlp.experts.down_proj_bias", 0.5, Count, Hidden);
                break;
            default:
                for (int expert = 0; expert < Count; expert++)
                {
                    string own = $"{prefix}{spec.Experts}{expert}.";
                    Linear(own + spec.Names.Gate, spec.Inner, Hidden, bias: false);
                    Linear(own + spec.Names.Up, spec.Inner, Hidden, bias: false);
                    Linear(own + spec.Names.Down, Hidden, spec.Inner, bias: false);
                }

                break;
        }

        if (spec.Shared is { } shared)
        {
            Network(prefix + shared, spec.SharedInner);
        }
    }

    private void Norm(string name)
    {
        if (Spec.Norm is "plain")
        {
            return;
        }

        Vector(name, Spec.Norm is "ln1p" ? 0 : 1, FamilySpec.Hidden);
        if (Spec.Norm is "ln" or "ln1p")
        {
            Weights[name + ".bias"] = ReferenceTensor.Random(_random, 0.2, 0, FamilySpec.Hidden);
        }
    }

    private void Vector(string name, double mean, int width) =>
        Weights[name + ".weight"] = ReferenceTensor.Random(_random, 0.2, mean, width);

    private void Linear(string name, int outputs, int inputs, bool bias, double gain = 1)
    {
        bool isNetwork = !name.Contains("lm_head", StringComparison.Ordinal);
        Matrix(name, Spec.IsTransposed && isNetwork ? inputs : outputs, Spec.IsTransposed && isNetwork ? outputs : inputs, gain);
        if (bias)
        {
            Weights[name + ".bias"] = ReferenceTensor.Random(_random, 0.3, 0, outputs);
        }
    }

    private void Matrix(string name, int rows, int columns, double gain = 1) =>
        Stack(name + ".weight", gain / Math.Sqrt(columns), rows, columns);

    private void Stack(string name, double deviation, params int[] shape) =>
        Weights[name] = ReferenceTensor.Random(_random, deviation, 0, shape);
}
