namespace Inferometer.ReferenceModels;

/// <summary>
/// The forward pass of an <see cref="EncoderModel"/> in double precision, one loop after another, on the weights as checkpoints hold
/// them. It is the oracle, so it must be readable, and shares nothing with the engine.
/// </summary>
public sealed class EncoderForward(EncoderModel model)
{
    private const double Epsilon = 1e-5;

    private readonly EncoderSpec _spec = model.Spec;
    private readonly Dictionary<string, ReferenceTensor> _weights = model.Weights;

    /// <summary>States of all tokens, [tokens][hidden].</summary>
    /// <param name="tokens">The text.</param>
    /// <param name="segments">The segment of each token; empty for the first.</param>
    public double[][] States(ReadOnlySpan<int> tokens, ReadOnlySpan<int> segments = default)
    {
        double[][] x = new double[tokens.Length][];
        string embeddings = _spec.Prefix + "embeddings.";
        bool isModern = _spec.Kind == EncoderKind.Modern;
        for (int t = 0; t < x.Length; t++)
        {
            x[t] = Row(embeddings + (isModern ? "tok_embeddings" : "word_embeddings"), tokens[t]);
            if (_spec.Kind == EncoderKind.Bert)
            {
                x[t] = Sum(x[t], Row(embeddings + "position_embeddings", t + _spec.FirstRow));
            }

            if (_spec.Segments > 0)
            {
                x[t] = Sum(x[t], Row(embeddings + "token_type_embeddings", segments.IsEmpty ? 0 : segments[t]));
            }

            x[t] = Norm(x[t], _spec.Kind == EncoderKind.Nomic ? _spec.Prefix + "emb_ln" : embeddings + (isModern ? "norm" : "LayerNorm"));
        }

        for (int layer = 0; layer < EncoderSpec.Layers; layer++)
        {
            x = isModern ? NormsBefore(layer, x) : NormsBehind(layer, x);
        }

        return isModern ? [.. x.Select(row => Norm(row, _spec.Prefix + "final_norm"))] : x;
    }

    /// <summary>The one output of the classification head.</summary>
    public double Output(ReadOnlySpan<int> tokens, ReadOnlySpan<int> segments = default)
    {
        double[][] states = States(tokens, segments);
        double[] read = _spec.HeadReadsMean
            ? [.. Enumerable.Range(0, _spec.Hidden).Select(i => states.Average(state => state[i]))]
            : states[0];
        return _spec.Head switch
        {
            "pooler" => Linear("classifier", [.. Linear(_spec.Prefix + "pooler.dense", read).Select(Math.Tanh)])[0],
            "dense" => Linear("classifier.out_proj", [.. Linear("classifier.dense", read).Select(Math.Tanh)])[0],
            "normed" => Linear("classifier", Norm([.. Linear("head.dense", read).Select(Gelu)], "head.norm"))[0],
            _ => throw new InvalidOperationException("the model has no head"),
        };
    }

    private double[][] NormsBehind(int layer, double[][] x)
    {
        string prefix = model.LayerPrefix(layer);
        bool isNomic = _spec.Kind == EncoderKind.Nomic;
        double[][] attended = Attention(layer, x);
        double[][] y = [.. x.Zip(attended, (a, b) => Norm(Sum(a, b), prefix + (isNomic ? "norm1" : "attention.output.LayerNorm")))];
        string last = _spec.Kind switch
        {
            EncoderKind.Nomic => "norm2",
            EncoderKind.Jina => "mlp.layernorm",
            _ => "output.LayerNorm",
        };
        return [.. y.Select(row => Norm(Sum(row, Network(prefix, row)), prefix + last))];
    }

    private double[][] NormsBefore(int layer, double[][] x)
    {
        string prefix = model.LayerPrefix(layer);
        double[][] read = layer == 0 ? x : [.. x.Select(row => Norm(row, prefix + "attn_norm"))];
        double[][] y = [.. x.Zip(Attention(layer, read), Sum)];
        return [.. y.Select(row => Sum(row, Network(prefix, Norm(row, prefix + "mlp_norm"))))];
    }

    private double[] Network(string prefix, double[] x)
    {
        switch (_spec.Kind)
        {
            case EncoderKind.Nomic:
                return Linear(prefix + "mlp.fc2", [.. Linear(prefix + "mlp.fc11", x).Zip(
                    Linear(prefix + "mlp.fc12", x), (up, gate) => up * gate / (1 + Math.Exp(-gate)))]);
            case EncoderKind.Modern or EncoderKind.Jina:
                bool isModern = _spec.Kind == EncoderKind.Modern;
                double[] both = Linear(prefix + (isModern ? "mlp.Wi" : "mlp.gated_layers"), x);
                double[] inner = [.. both[..EncoderSpec.Inner].Zip(both[EncoderSpec.Inner..], (a, b) => Gelu(a) * b)];
                return Linear(prefix + (isModern ? "mlp.Wo" : "mlp.wo"), inner);
            default:
                return Linear(prefix + "output.dense", [.. Linear(prefix + "intermediate.dense", x).Select(Gelu)]);
        }
    }

    private double[][] Attention(int layer, double[][] x)
    {
        const int Width = EncoderSpec.HeadDim;
        string prefix = model.LayerPrefix(layer);
        bool isFused = _spec.Kind is EncoderKind.Nomic or EncoderKind.Modern;
        double[][][] q = new double[x.Length][][], k = new double[x.Length][][], v = new double[x.Length][][];
        for (int t = 0; t < x.Length; t++)
        {
            double[][] parts = isFused
                ? [.. Linear(prefix + "attn.Wqkv", x[t]).Chunk(_spec.Hidden)]
                : [.. ((string[])["query", "key", "value"]).Select(part => Linear($"{prefix}attention.self.{part}", x[t]))];
            q[t] = [.. parts[0].Chunk(Width).Select(head => isFused ? Rotate(layer, head, t) : head)];
            k[t] = [.. parts[1].Chunk(Width).Select(head => isFused ? Rotate(layer, head, t) : head)];
            v[t] = [.. parts[2].Chunk(Width)];
        }

        string output = _spec.Kind switch
        {
            EncoderKind.Nomic => "attn.out_proj",
            EncoderKind.Modern => "attn.Wo",
            _ => "attention.output.dense",
        };
        double[][] result = new double[x.Length][];
        for (int t = 0; t < x.Length; t++)
        {
            double[] joined = new double[_spec.Hidden];
            for (int head = 0; head < _spec.Heads; head++)
            {
                int[] seen = [.. Enumerable.Range(0, x.Length).Where(j => Math.Abs(j - t) <= _spec.Reach(layer))];
                double[] powers = [.. seen.Select(j => Math.Exp(
                    (q[t][head].Zip(k[j][head], (a, b) => a * b).Sum() / Math.Sqrt(Width)) - (Slope(head) * Math.Abs(j - t))))];
                for (int i = 0; i < seen.Length; i++)
                {
                    for (int d = 0; d < Width; d++)
                    {
                        joined[(head * Width) + d] += powers[i] / powers.Sum() * v[seen[i]][head][d];
                    }
                }
            }

            result[t] = Linear(prefix + output, joined);
        }

        return result;
    }

    // For six heads: those of four (2^-2, 2^-4, 2^-6, 2^-8), then the first and the third of eight (2^-1, 2^-3).
    private double Slope(int head) =>
        _spec.Kind != EncoderKind.Jina ? 0 : ((double[])[0.25, 0.0625, 0.015625, 0.00390625, 0.5, 0.125])[head];

    private double[] Rotate(int layer, double[] head, int position)
    {
        double[] result = [.. head];
        int half = head.Length / 2;
        for (int i = 0; i < half; i++)
        {
            double angle = position * Math.Pow(_spec.Theta(layer), -2.0 * i / head.Length);
            result[i] = (head[i] * Math.Cos(angle)) - (head[i + half] * Math.Sin(angle));
            result[i + half] = (head[i + half] * Math.Cos(angle)) + (head[i] * Math.Sin(angle));
        }

        return result;
    }

    private double[] Norm(double[] x, string name)
    {
        double mean = x.Average(), root = Math.Sqrt(x.Average(value => (value - mean) * (value - mean)) + Epsilon);
        double[] y = [.. x.Zip(_weights[name + ".weight"].Data, (value, factor) => (value - mean) / root * factor)];
        return _weights.TryGetValue(name + ".bias", out ReferenceTensor? bias) ? [.. y.Zip(bias.Data, (a, b) => a + b)] : y;
    }

    private double[] Linear(string name, double[] x)
    {
        ReferenceTensor matrix = _weights[name + ".weight"];
        double[] y = [.. Enumerable.Range(0, matrix.Rows)
            .Select(row => x.Select((value, column) => matrix.Data[(row * x.Length) + column] * value).Sum())];
        return _weights.TryGetValue(name + ".bias", out ReferenceTensor? bias) ? [.. y.Zip(bias.Data, (a, b) => a + b)] : y;
    }

    private double[] Row(string table, int row)
    {
        ReferenceTensor all = _weights[table + ".weight"];
        return [.. all.Data.Skip(row * all.Columns).Take(all.Columns).Select(value => (double)value)];
    }

    private static double[] Sum(double[] x, double[] y) => [.. x.Zip(y, (a, b) => a + b)];

    private static double Gelu(double x) => 0.5 * x * (1 + Erf(x / Math.Sqrt(2)));

    // Maclaurin's series; exact enough for |x| below 5, beyond which erf is 1 in double precision but for 1.6e-12.
    private static double Erf(double x)
    {
        if (Math.Abs(x) > 5)
        {
            return Math.Sign(x);
        }

        double sum = 0, term = x;
        for (int n = 0; n < 200; n++)
        {
            sum += term / ((2 * n) + 1);
            term *= -x * x / (n + 1);
        }

        return 2 / Math.Sqrt(Math.PI) * sum;
    }
}
