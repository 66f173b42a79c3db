using System.Text.Json.Nodes;

namespace Inferometer.ReferenceModels;

/// <summary>
/// A decoder-only transformer in double precision, one token after another and one loop after another, on weights under their Hugging
/// Face names. It reads config.json's keys itself, keeps no cache and takes no short cut: it is the oracle, so it must be readable.
/// </summary>
public sealed class ReferenceModel(JsonObject config, IReadOnlyDictionary<string, ReferenceTensor> weights)
{
    private readonly string _type = (string)config["model_type"]!;

    private bool IsGemma => _type.StartsWith("gemma", StringComparison.Ordinal);

    private bool HasPostNorms => _type is "gemma2" or "gemma3_text";

    private int Heads => (int)config["num_attention_heads"]!;

    private int KvHeads => (int?)config["num_key_value_heads"] ?? Heads;

    private int HeadDim => (int?)config["head_dim"] ?? ((int)config["hidden_size"]! / Heads);

    /// <summary>Logits after every token of the sequence, [tokens][vocabulary].</summary>
    public double[][] Logits(ReadOnlySpan<int> tokens)
    {
        double[][] states = HiddenStates(tokens);
        ReferenceTensor head = (bool?)config["tie_word_embeddings"] ?? IsGemma
            ? weights["model.embed_tokens.weight"]
            : weights["lm_head.weight"];
        double cap = (double?)config["final_logit_softcapping"] ?? 0;
        return [.. states.Select(state => Softcap(Multiply(head, state), cap))];
    }

    /// <summary>States after the final norm, [tokens][hidden].</summary>
    public double[][] HiddenStates(ReadOnlySpan<int> tokens)
    {
        ReferenceTensor table = weights["model.embed_tokens.weight"];
        double scale = IsGemma ? Math.Sqrt(table.Columns) : 1;
        double[][] x = new double[tokens.Length][];
        for (int t = 0; t < tokens.Length; t++)
        {
            x[t] = [.. Row(table, tokens[t]).Select(value => value * scale)];
        }

        for (int layer = 0; layer < (int)config["num_hidden_layers"]!; layer++)
        {
            string prefix = $"model.layers.{layer}.";
            double[][] mixed = Attention(layer, prefix + "self_attn.", Each(x, prefix + "input_layernorm"));
            AddTo(x, HasPostNorms ? Each(mixed, prefix + "post_attention_layernorm") : mixed);
            double[][] inner = Each(x, prefix + (HasPostNorms ? "pre_feedforward_layernorm" : "post_attention_layernorm"));
            double[][] fed = [.. inner.Select(row => FeedForward(prefix, row))];
            AddTo(x, HasPostNorms ? Each(fed, prefix + "post_feedforward_layernorm") : fed);
        }

        return Each(x, "model.norm");
    }

    private double[][] Attention(int layer, string prefix, double[][] x)
    {
        int tokens = x.Length;
        double[][] q = new double[tokens][], k = new double[tokens][], v = new double[tokens][];
        ReferenceRope rope = RopeOf(layer, tokens);
        for (int t = 0; t < tokens; t++)
        {
            (q[t], k[t], v[t]) = Project(prefix, x[t]);
            for (int h = 0; h < Heads; h++)
            {
                NormaliseHead(q[t].AsSpan(h * HeadDim, HeadDim), prefix + "q_norm");
                rope.Rotate(q[t].AsSpan(h * HeadDim, HeadDim), t);
            }

            for (int h = 0; h < KvHeads; h++)
            {
                NormaliseHead(k[t].AsSpan(h * HeadDim, HeadDim), prefix + "k_norm");
                rope.Rotate(k[t].AsSpan(h * HeadDim, HeadDim), t);
            }
        }

        double[][] result = new double[tokens][];
        for (int t = 0; t < tokens; t++)
        {
            double[] heads = new double[Heads * HeadDim];
            for (int h = 0; h < Heads; h++)
            {
                Attend(layer, h, t, q, k, v, heads);
            }

            result[t] = Linear(prefix + "o_proj", heads);
        }

        return result;
    }

    private void Attend(int layer, int head, int t, double[][] q, double[][] k, double[][] v, double[] result)
    {
        int kvHead = head / (Heads / KvHeads);
        int window = IsWindowed(layer) ? (int)config["sliding_window"]! : int.MaxValue;
        double scale = 1 / Math.Sqrt((double?)config["query_pre_attn_scalar"] ?? HeadDim);
        double cap = (double?)config["attn_logit_softcapping"] ?? 0;
        int first = Math.Max(0, t - Math.Min(t, window - 1));
        double[] scores = new double[t + 1 - first];
        for (int j = first; j <= t; j++)
        {
            for (int d = 0; d < HeadDim; d++)
            {
                scores[j - first] += q[t][(head * HeadDim) + d] * k[j][(kvHead * HeadDim) + d];
            }

            scores[j - first] *= scale;
        }

        double[] probabilities = Softmax(Softcap(scores, cap));
        for (int j = first; j <= t; j++)
        {
            for (int d = 0; d < HeadDim; d++)
            {
                result[(head * HeadDim) + d] += probabilities[j - first] * v[j][(kvHead * HeadDim) + d];
            }
        }
    }

    private bool IsWindowed(int layer)
    {
        if (config["sliding_window"] is null || config["use_sliding_window"] is JsonValue use && !(bool)use)
        {
            return false;
        }

        return _type switch
        {
            "gemma2" => layer % 2 == 0,
            "gemma3_text" => (layer + 1) % ((int?)config["sliding_window_pattern"] ?? 6) != 0,
            "qwen2" or "qwen3" => layer >= (int)config["max_window_layers"]!,
            _ => true,
        };
    }

    private ReferenceRope RopeOf(int layer, int tokens)
    {
        bool local = string.Equals(_type, "gemma3_text", StringComparison.Ordinal) && IsWindowed(layer);
        double theta = (double?)config[local ? "rope_local_base_freq" : "rope_theta"] ?? 10000;
        int rotated = (int)(HeadDim * ((double?)config["partial_rotary_factor"] ?? 1));
        return new ReferenceRope(config, theta, rotated, scaled: !local, tokens);
    }

    private (double[] Q, double[] K, double[] V) Project(string prefix, double[] x)
    {
        if (!weights.ContainsKey(prefix + "qkv_proj.weight"))
        {
            return (Linear(prefix + "q_proj", x), Linear(prefix + "k_proj", x), Linear(prefix + "v_proj", x));
        }

        double[] all = Linear(prefix + "qkv_proj", x);
        int queries = Heads * HeadDim, keys = KvHeads * HeadDim;
        return (all[..queries], all[queries..(queries + keys)], all[(queries + keys)..]);
    }

    private void NormaliseHead(Span<double> head, string name)
    {
        if (weights.ContainsKey(name + ".weight"))
        {
            Norm(head.ToArray(), name).CopyTo(head);
        }
    }

    private double[] FeedForward(string prefix, double[] x)
    {
        if (weights.TryGetValue(prefix + "block_sparse_moe.gate.weight", out ReferenceTensor? gate))
        {
            return Experts(gate, x, normalise: true, e => Gated(prefix + $"block_sparse_moe.experts.{e}.", "w1", "w3", "w2", x));
        }

        string mlp = prefix + "mlp.";
        if (weights.TryGetValue(mlp + "gate.weight", out gate))
        {
            bool normalise = (bool?)config["norm_topk_prob"] ?? false;
            double[] sum = Experts(gate, x, normalise, e => Gated(mlp + $"experts.{e}.", "gate_proj", "up_proj", "down_proj", x));
            if (weights.ContainsKey(mlp + "shared_expert_gate.weight"))
            {
                double open = 1 / (1 + Math.Exp(-Linear(mlp + "shared_expert_gate", x)[0]));
                double[] shared = Gated(mlp + "shared_expert.", "gate_proj", "up_proj", "down_proj", x);
                return [.. sum.Zip(shared, (a, b) => a + (open * b))];
            }

            return sum;
        }

        if (weights.ContainsKey(mlp + "gate_up_proj.weight"))
        {
            double[] both = Linear(mlp + "gate_up_proj", x);
            int width = both.Length / 2;
            return Linear(mlp + "down_proj", [.. both[..width].Zip(both[width..], (g, u) => Activate(g) * u)]);
        }

        return Gated(mlp, "gate_proj", "up_proj", "down_proj", x);
    }

    private double[] Experts(ReferenceTensor gate, double[] x, bool normalise, Func<int, double[]> expert)
    {
        int used = (int)config["num_experts_per_tok"]!;
        double[] probabilities = Softmax(Multiply(gate, x));
        int[] chosen = [.. Enumerable.Range(0, probabilities.Length).OrderByDescending(e => probabilities[e]).Take(used)];
        double total = normalise ? chosen.Sum(e => probabilities[e]) : 1;
        double[] sum = new double[x.Length];
        foreach (int e in chosen)
        {
            double[] output = expert(e);
            for (int i = 0; i < sum.Length; i++)
            {
                sum[i] += probabilities[e] / total * output[i];
            }
        }

        return sum;
    }

    private double[] Gated(string prefix, string gate, string up, string down, double[] x) =>
        Linear(prefix + down, [.. Linear(prefix + gate, x).Zip(Linear(prefix + up, x), (g, u) => Activate(g) * u)]);

    private double Activate(double x) => IsGemma
        ? 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x))))
        : x / (1 + Math.Exp(-x));

    private double[][] Each(double[][] x, string norm) => [.. x.Select(row => Norm(row, norm))];

    private double[] Norm(double[] x, string name)
    {
        float[] weight = weights[name + ".weight"].Data;
        double root = Math.Sqrt(x.Average(value => value * value) + ((double?)config["rms_norm_eps"] ?? 1e-6));
        return [.. x.Select((value, i) => value / root * (IsGemma ? 1 + (double)weight[i] : weight[i]))];
    }

    private double[] Linear(string name, double[] x)
    {
        double[] y = Multiply(weights[name + ".weight"], x);
        if (weights.TryGetValue(name + ".bias", out ReferenceTensor? bias))
        {
            for (int i = 0; i < y.Length; i++)
            {
                y[i] += bias.Data[i];
            }
        }

        return y;
    }

    private static double[] Multiply(ReferenceTensor matrix, double[] x)
    {
        double[] y = new double[matrix.Rows];
        for (int row = 0; row < y.Length; row++)
        {
            for (int column = 0; column < x.Length; column++)
            {
                y[row] += matrix.Data[(row * x.Length) + column] * x[column];
            }
        }

        return y;
    }

    private static IEnumerable<double> Row(ReferenceTensor matrix, int row) =>
        matrix.Data.Skip(row * matrix.Columns).Take(matrix.Columns).Select(value => (double)value);

    private static double[] Softmax(double[] scores)
    {
        double top = scores.Max();
        double[] exponentials = [.. scores.Select(score => Math.Exp(score - top))];
        double sum = exponentials.Sum();
        return [.. exponentials.Select(value => value / sum)];
    }

    private static double[] Softcap(double[] values, double cap) =>
        cap > 0 ? [.. values.Select(value => cap * Math.Tanh(value / cap))] : values;

    private static void AddTo(double[][] x, double[][] change)
    {
        for (int t = 0; t < x.Length; t++)
        {
            for (int i = 0; i < x[t].Length; i++)
            {
                x[t][i] += change[t][i];
            }
        }
    }
}
