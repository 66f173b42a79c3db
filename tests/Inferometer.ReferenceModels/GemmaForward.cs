namespace Inferometer.ReferenceModels;

/// <summary>
/// The forward pass of a <see cref="GemmaModel"/> in double precision, written from the published modelling code and apart from the engine.
/// </summary>
public sealed class GemmaForward(GemmaModel model)
{
    private const double Epsilon = 1e-6;

    private readonly GemmaSpec _spec = model.Spec;
    private readonly Dictionary<string, ReferenceTensor> _weights = model.Weights;

    /// <summary>Logits after every token, [tokens][vocabulary].</summary>
    public double[][] Logits(ReadOnlySpan<int> tokens)
    {
        double[][] embedded = new double[tokens.Length][];
        double[][][] inputs = new double[tokens.Length][][];
        for (int t = 0; t < tokens.Length; t++)
        {
            embedded[t] = Times(Row("model.embed_tokens", tokens[t]), Math.Sqrt(GemmaSpec.Hidden));
            inputs[t] = _spec.HasInputs ? Inputs(embedded[t], tokens[t]) : [];
        }

        double[][] last = _spec.IsThird ? Streams(embedded, inputs) : Plain(embedded, inputs);
        return [.. last.Select(row => Linear("model.embed_tokens", Rms(row, "model.norm")).Select(x => 30 * Math.Tanh(x / 30)).ToArray())];
    }

    // For each layer the embedding's projection, normed, and a row of the second table.
    private double[][] Inputs(double[] embedded, int token)
    {
        double[][] projected = [.. Times(Linear("model.per_layer_model_projection", embedded), 1 / Math.Sqrt(GemmaSpec.Hidden))
            .Chunk(GemmaSpec.InputWidth)];
        double[][] looked = [.. Times(
            Row("model.embed_tokens_per_layer", token < GemmaSpec.InputRows ? token : 0), Math.Sqrt(GemmaSpec.InputWidth))
            .Chunk(GemmaSpec.InputWidth)];
        return [.. projected.Zip(looked, (a, b) => Times(Sum(Rms(a, "model.per_layer_projection_norm"), b), 1 / Math.Sqrt(2)))];
    }

    private double[][] Plain(double[][] x, double[][][] inputs)
    {
        Dictionary<int, Cached> caches = [];
        for (int layer = 0; layer < GemmaSpec.Layers; layer++)
        {
            string prefix = $"model.layers.{layer}.";
            double[][] attended = Attend(layer, [.. x.Select(row => Rms(row, prefix + "input_layernorm"))], caches);
            for (int t = 0; t < x.Length; t++)
            {
                double[] row = Sum(x[t], Rms(attended[t], prefix + "post_attention_layernorm"));
                row = Sum(row, Rms(FeedForward(layer, prefix, row), prefix + "post_feedforward_layernorm"));
                if (_spec.HasInputs)
                {
                    row = Sum(row, OwnInput(prefix, row, inputs[t][layer]));
                }

                x[t] = Times(row, _weights[prefix + "layer_scalar"].Data[0]);
            }
        }

        return x;
    }

    private double[][] Streams(double[][] embedded, double[][][] inputs)
    {
        double[][][] streams = [.. Enumerable.Range(0, GemmaSpec.Streams).Select(i => embedded.Select(row => i == 0
            ? row
            : Match(Linear($"model.altup_projections.{i - 1}", row), row)).ToArray())];
        Dictionary<int, Cached> caches = [];
        for (int layer = 0; layer < GemmaSpec.Layers; layer++)
        {
            streams = UpdatedLayer(layer, $"model.layers.{layer}.", streams, inputs, caches);
        }

        return [.. Enumerable.Range(0, embedded.Length).Select(t => Times(
            Enumerable.Range(1, GemmaSpec.Streams - 1).Aggregate(
                streams[0][t],
                (sum, i) => Sum(sum, Match(Linear($"model.altup_unembed_projections.{i - 1}", streams[i][t]), streams[0][t]))),
            1.0 / GemmaSpec.Streams))];
    }

    private double[][][] UpdatedLayer(
        int layer, string prefix, double[][][] streams, double[][][] inputs, Dictionary<int, Cached> caches)
    {
        const int Count = GemmaSpec.Streams;
        int tokens = streams[0].Length;
        double[][][] predicted = [.. streams.Select(stream => new double[tokens][])];
        double[][] normed = new double[tokens][];
        for (int t = 0; t < tokens; t++)
        {
            double[] shares = Shares(prefix, streams[0][t]), factors = Linear(prefix + "altup.prediction_coefs", shares);
            for (int i = 0; i < Count; i++)
            {
                predicted[i][t] = streams[i][t];
                for (int j = 0; j < Count; j++)
                {
                    predicted[i][t] = Sum(predicted[i][t], Times(streams[j][t], factors[(i * Count) + j]));
                }
            }

            normed[t] = Rms(predicted[0][t], prefix + "input_layernorm");
        }

        double[][] attended = Attend(layer, normed, caches);
        for (int t = 0; t < tokens; t++)
        {
            double[] low = Linear(prefix + "laurel.linear_left", normed[t]);
            double[] branch = Sum(normed[t], Rms(Linear(prefix + "laurel.linear_right", low), prefix + "laurel.post_laurel_norm"));
            double[] joined = Sum(predicted[0][t], Rms(attended[t], prefix + "post_attention_layernorm"));
            joined = Times(Sum(joined, branch), 1 / Math.Sqrt(2));
            double[] given = Sum(joined, Rms(FeedForward(layer, prefix, joined), prefix + "post_feedforward_layernorm"));
            double[] change = Sum(given, Times(predicted[0][t], -1)), shares = Shares(prefix, given);
            double[] factors = Linear(prefix + "altup.correction_coefs", shares);
            for (int i = 0; i < Count; i++)
            {
                predicted[i][t] = Sum(predicted[i][t], Times(change, 1 + factors[i]));
            }

            double[] scaled = [.. predicted[0][t].Zip(Values(prefix + "altup.correct_output_scale"), (a, b) => a * b)];
            double[] own = OwnInput(prefix, scaled, inputs[t][layer]);
            for (int i = 1; i < Count; i++)
            {
                predicted[i][t] = Sum(predicted[i][t], own);
            }
        }

        return predicted;
    }

    private double[] Shares(string prefix, double[] x)
    {
        double[] normed = Times(Rms(x, prefix + "altup.router_norm"), 1.0 / GemmaSpec.Hidden);
        return [.. Linear(prefix + "altup.modality_router", normed).Select(Math.Tanh)];
    }

    private double[] OwnInput(string prefix, double[] x, double[] input)
    {
        double[] gated = [.. Linear(prefix + "per_layer_input_gate", x).Zip(input, (gate, value) => Gelu(gate) * value)];
        return Rms(Linear(prefix + "per_layer_projection", gated), prefix + "post_per_layer_input_norm");
    }

    private double[] FeedForward(int layer, string prefix, double[] x)
    {
        double[] network = Network(layer, prefix + "mlp.", Rms(x, prefix + "pre_feedforward_layernorm"));
        if (!_spec.HasExperts)
        {
            return network;
        }

        double[] routed = [.. Rms(x).Zip(Values(prefix + "router.scale"), (a, b) => a * b / Math.Sqrt(GemmaSpec.Hidden))];
        double[] shares = Softmax(Linear(prefix + "router.proj", routed));
        int[] chosen = [.. Enumerable.Range(0, shares.Length).OrderByDescending(expert => shares[expert]).Take(2)];
        double total = chosen.Sum(expert => shares[expert]);
        double[] input = Rms(x, prefix + "pre_feedforward_layernorm_2"), mixed = new double[x.Length];
        foreach (int expert in chosen)
        {
            const int Both = 2 * GemmaSpec.ExpertInner;
            double[] both = Multiply(_weights[prefix + "experts.gate_up_proj"], input, expert * Both, Both);
            double[] inner = [.. both[..GemmaSpec.ExpertInner].Zip(both[GemmaSpec.ExpertInner..], (gate, up) => Gelu(gate) * up)];
            double[] output = Multiply(_weights[prefix + "experts.down_proj"], inner, expert * GemmaSpec.Hidden, GemmaSpec.Hidden);
            mixed = Sum(mixed, Times(output, shares[expert] / total * Values(prefix + "router.per_expert_scale")[expert]));
        }

        return Sum(Rms(network, prefix + "post_feedforward_layernorm_1"), Rms(mixed, prefix + "post_feedforward_layernorm_2"));
    }

    private double[] Network(int layer, string prefix, double[] x)
    {
        double[] gates = Linear(prefix + "gate_proj", x);
        if (_spec.CutOf(layer) > 0)
        {
            // The share 0.8 of normally distributed numbers lies below 0.8416212335729143 standard deviations.
            double mean = gates.Average(), deviation = Math.Sqrt(gates.Average(gate => (gate - mean) * (gate - mean)));
            gates = [.. gates.Select(gate => Math.Max(0, gate - mean - (0.8416212335729143 * deviation)))];
        }

        return Linear(prefix + "down_proj", [.. gates.Zip(Linear(prefix + "up_proj", x), (gate, up) => Gelu(gate) * up)]);
    }

    private double[][] Attend(int layer, double[][] x, Dictionary<int, Cached> caches)
    {
        string prefix = $"model.layers.{layer}.self_attn.";
        int width = _spec.WidthOf(layer), group = GemmaSpec.Heads / _spec.KvHeadsOf(layer);
        if (!_spec.IsShared(layer))
        {
            double[][][] keys = [.. x.Select(row => Linear(prefix + "k_proj", row).Chunk(width).ToArray())];
            double[][][] values = _spec.KeysAreValues && GemmaSpec.IsGlobal(layer)
                ? keys
                : [.. x.Select(row => Linear(prefix + "v_proj", row).Chunk(width).ToArray())];
            caches[layer] = new(
                [.. keys.Select((heads, t) => heads.Select(head => Rotate(layer, Rms(head, prefix + "k_norm"), t)).ToArray())],
                [.. values.Select(heads => heads.Select(Rms).ToArray())]);
        }

        Cached cached = caches[_spec.SourceOf(layer)];
        double[][] result = new double[x.Length][];
        for (int t = 0; t < x.Length; t++)
        {
            double[][] queries =
                [.. Linear(prefix + "q_proj", x[t]).Chunk(width).Select(head => Rotate(layer, Rms(head, prefix + "q_norm"), t))];
            int first = GemmaSpec.IsGlobal(layer) ? 0 : Math.Max(0, t - GemmaSpec.Window + 1);
            List<double> joined = [];
            for (int head = 0; head < queries.Length; head++)
            {
                double[] shares = Softmax([.. Enumerable.Range(first, t - first + 1)
                    .Select(j => queries[head].Zip(cached.Keys[j][head / group], (a, b) => a * b).Sum())]);
                double[] mixed = new double[width];
                for (int j = first; j <= t; j++)
                {
                    mixed = Sum(mixed, Times(cached.Values[j][head / group], shares[j - first]));
                }

                joined.AddRange(mixed);
            }

            result[t] = Linear(prefix + "o_proj", [.. joined]);
        }

        return result;
    }

    private double[] Rotate(int layer, double[] head, int position)
    {
        bool isGlobal = GemmaSpec.IsGlobal(layer);
        int half = head.Length / 2, turning = isGlobal && !_spec.IsThird ? half / 4 : half;
        double[] result = [.. head];
        for (int i = 0; i < turning; i++)
        {
            double angle = position * Math.Pow(isGlobal ? 1e6 : 1e4, -2.0 * i / head.Length);
            result[i] = (head[i] * Math.Cos(angle)) - (head[i + half] * Math.Sin(angle));
            result[i + half] = (head[i + half] * Math.Cos(angle)) + (head[i] * Math.Sin(angle));
        }

        return result;
    }

    // Brought to the magnitude of another.
    private static double[] Match(double[] x, double[] other) =>
        Times(x, Math.Sqrt(other.Average(v => v * v) / Math.Max(x.Average(v => v * v), 1e-5)));

    private static double Gelu(double x) => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x))));

    private double[] Rms(double[] x, string name) => [.. Rms(x).Zip(Values(name + ".weight"), (a, b) => a * b)];

    private static double[] Rms(double[] x) => Times(x, 1 / Math.Sqrt(x.Average(v => v * v) + Epsilon));

    private double[] Linear(string name, double[] x)
    {
        ReferenceTensor matrix = _weights[name + ".weight"];
        return Multiply(matrix, x, 0, matrix.Shape[0]);
    }

    private static double[] Multiply(ReferenceTensor matrix, double[] x, int firstRow, int rows) =>
        [.. Enumerable.Range(firstRow, rows)
            .Select(row => x.Select((value, column) => matrix.Data[(row * x.Length) + column] * value).Sum())];

    private double[] Values(string name) => [.. _weights[name].Data.Select(value => (double)value)];

    private double[] Row(string table, int row)
    {
        ReferenceTensor all = _weights[table + ".weight"];
        return [.. all.Data.Skip(row * all.Columns).Take(all.Columns).Select(value => (double)value)];
    }

    private static double[] Sum(double[] x, double[] y) => [.. x.Zip(y, (a, b) => a + b)];

    private static double[] Times(double[] x, double factor) => [.. x.Select(value => value * factor)];

    private static double[] Softmax(double[] scores)
    {
        double top = scores.Max();
        double[] powers = [.. scores.Select(score => Math.Exp(score - top))];
        return Times(powers, 1 / powers.Sum());
    }

    private sealed record Cached(double[][][] Keys, double[][][] Values);
}
