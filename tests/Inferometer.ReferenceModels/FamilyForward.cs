namespace Inferometer.ReferenceModels;

/// <summary>
/// The forward pass of a <see cref="FamilyModel"/> in double precision, one token after another and one loop after another, on the weights
/// as checkpoints hold them. It is the oracle, so it must be readable, and shares nothing with the engine.
/// </summary>
public sealed class FamilyForward(FamilyModel model)
{
    private const double Epsilon = 1e-5;

    private readonly FamilySpec _spec = model.Spec;
    private readonly Dictionary<string, ReferenceTensor> _weights = model.Weights;

    /// <summary>Logits after every token, [tokens][vocabulary].</summary>
    public double[][] Logits(ReadOnlySpan<int> tokens)
    {
        double[][] x = new double[tokens.Length][];
        for (int t = 0; t < x.Length; t++)
        {
            x[t] = [.. Row(_spec.Embedding, tokens[t]).Select(value => value * _spec.EmbeddingScale)];
            if (_spec.Positions is { } positions)
            {
                x[t] = Sum(x[t], Row(positions, t), 1);
            }
        }

        for (int layer = 0; layer < FamilySpec.Layers; layer++)
        {
            x = Layer(layer, x);
        }

        return [.. x.Select(row => Head(Norm(row, _spec.FinalNorm)))];
    }

    private double[] Head(double[] state)
    {
        double[] logits = _spec.Head is { } head ? Linear(head, state, transposed: false)
            : Multiply(_weights[_spec.Embedding + ".weight"], state);
        return [.. logits.Select(value => value * _spec.LogitScale)];
    }

    private double[][] Layer(int layer, double[][] x)
    {
        string prefix = $"{_spec.LayerPrefix}{layer}.";
        double[][] Each(double[][] rows, string? norm) => norm is null ? rows : [.. rows.Select(row => Norm(row, prefix + norm))];
        double[][] attended = Each(Mix(layer, prefix, Each(x, _spec.BeforeAttention)), _spec.BehindAttention);
        double[][] Feed(double[][] rows) => Each([.. rows.Select(row => FeedForward(layer, prefix, row))], _spec.BehindFeedForward);
        if (_spec.IsParallel)
        {
            double[][] fed = Feed(Each(x, _spec.BeforeFeedForward ?? _spec.BeforeAttention));
            return Add(Add(x, attended), fed);
        }

        x = Add(x, attended);
        return !_spec.HasFeedForward ? x : Add(x, Feed(Each(x, _spec.BeforeFeedForward)));
    }

    private double[][] Add(double[][] x, double[][] change) => [.. x.Zip(change, (a, b) => Sum(a, b, _spec.ResidualScale))];

    private double[][] Mix(int layer, string prefix, double[][] x) => _spec.Mixer(layer) switch
    {
        "mamba" => Mamba(prefix + _spec.MambaPrefix, x),
        "convolution" => Convolution(prefix + "conv.", x),
        "latent" => Latent(layer, prefix + _spec.Attention, x),
        _ => Attention(layer, prefix + _spec.Attention, x),
    };

    // DeepSeek as it is written down: keys and values of every head are made of the latent.
    private double[][] Latent(int layer, string prefix, double[][] x)
    {
        const int Nope = FamilySpec.NopeDim, Rotary = FamilySpec.RopeDim, Rank = FamilySpec.LatentRank, Width = FamilySpec.ValueDim;
        double[][][] queries = new double[x.Length][][], keys = new double[x.Length][][], values = new double[x.Length][][];
        for (int t = 0; t < x.Length; t++)
        {
            double[] query = _spec.QueryRank > 0
                ? Linear(prefix + "q_b_proj", Rms(Linear(prefix + "q_a_proj", x[t]), Values(prefix + "q_a_layernorm.weight")))
                : Linear(prefix + "q_proj", x[t]);
            double[] down = Linear(prefix + "kv_a_proj_with_mqa", x[t]);
            double[] shared = Rotate(layer, down[Rank..], t);
            double[] latent = Rms(down[..Rank], Values(prefix + "kv_a_layernorm.weight"));
            double[][] up = [.. Linear(prefix + "kv_b_proj", latent).Chunk(Nope + Width)];
            queries[t] = [.. query.Chunk(Nope + Rotary).Select(head => (double[])[.. head[..Nope], .. Rotate(layer, head[Nope..], t)])];
            keys[t] = [.. up.Select(head => (double[])[.. head[..Nope], .. shared])];
            values[t] = [.. up.Select(head => head[Nope..])];
        }

        double[][] result = new double[x.Length][];
        for (int t = 0; t < x.Length; t++)
        {
            List<double> joined = [];
            for (int head = 0; head < FamilySpec.Heads; head++)
            {
                double[] shares = Softmax([.. Enumerable.Range(0, t + 1)
                    .Select(j => _spec.ScoreScale * queries[t][head].Zip(keys[j][head], (a, b) => a * b).Sum())]);
                double[] mixed = new double[Width];
                for (int j = 0; j <= t; j++)
                {
                    mixed = Sum(mixed, values[j][head], shares[j]);
                }

                joined.AddRange(mixed);
            }

            result[t] = Linear(prefix + "o_proj", [.. joined]);
        }

        return result;
    }

    // LFM2: the input times its first gate is convolved, and multiplied with the second.
    private double[][] Convolution(string prefix, double[][] x)
    {
        double[][][] parts = [.. x.Select(row => Linear(prefix + "in_proj", row).Chunk(FamilySpec.Hidden).ToArray())];
        double[][] gated = [.. parts.Select(part => part[0].Zip(part[2], (b, value) => b * value).ToArray())];
        double[][] convolved = Causal(prefix + "conv", gated);
        return [.. convolved.Zip(parts, (y, part) => Linear(prefix + "out_proj", [.. y.Zip(part[1], (value, c) => value * c)]))];
    }

    // Mamba-2 as a recurrence, token by token.
    private double[][] Mamba(string prefix, double[][] x)
    {
        const int Heads = FamilySpec.MambaHeads, Width = FamilySpec.MambaWidth;
        const int Size = FamilySpec.MambaState, Groups = FamilySpec.MambaGroups;
        const int Inner = Heads * Width, Channels = Inner + (2 * Groups * Size);
        double[][] projected = [.. x.Select(row => Linear(prefix + "in_proj", row))];
        double[][] convolved = [.. Causal(prefix + "conv1d", [.. projected.Select(row => row[Inner..(Inner + Channels)])])
            .Select(row => row.Select(Silu).ToArray())];
        double[] rates = Values(prefix + "A_log"), biases = Values(prefix + "dt_bias"), skips = Values(prefix + "D");
        double[,,] state = new double[Heads, Width, Size];
        double[][] result = new double[x.Length][];
        for (int t = 0; t < x.Length; t++)
        {
            double[] y = new double[Inner];
            for (int head = 0; head < Heads; head++)
            {
                double step = Math.Log(1 + Math.Exp(projected[t][Inner + Channels + head] + biases[head]));
                int group = head / (Heads / Groups);
                for (int p = 0; p < Width; p++)
                {
                    double input = convolved[t][(head * Width) + p];
                    y[(head * Width) + p] = skips[head] * input;
                    for (int n = 0; n < Size; n++)
                    {
                        double b = convolved[t][Inner + (group * Size) + n], c = convolved[t][Inner + ((Groups + group) * Size) + n];
                        state[head, p, n] = (state[head, p, n] * Math.Exp(-Math.Exp(rates[head]) * step)) + (step * b * input);
                        y[(head * Width) + p] += state[head, p, n] * c;
                    }
                }
            }

            double[] gated = [.. y.Zip(projected[t], (value, gate) => value * Silu(gate))];
            result[t] = Linear(prefix + "out_proj", Rms(gated, Values(prefix + "norm.weight")));
        }

        return result;
    }

    private double[][] Causal(string name, double[][] x)
    {
        ReferenceTensor taps = _weights[name + ".weight"];
        double[][] y = new double[x.Length][];
        for (int t = 0; t < x.Length; t++)
        {
            y[t] = _weights.ContainsKey(name + ".bias") ? Values(name + ".bias") : new double[x[t].Length];
            for (int back = 0; back < FamilySpec.Taps && back <= t; back++)
            {
                for (int channel = 0; channel < y[t].Length; channel++)
                {
                    y[t][channel] += taps.Data[(channel * FamilySpec.Taps) + FamilySpec.Taps - 1 - back] * x[t - back][channel];
                }
            }
        }

        return y;
    }

    private static double Silu(double x) => x / (1 + Math.Exp(-x));

    private double[][] Attention(int layer, string prefix, double[][] x)
    {
        int kvHeads = _spec.KvHeads, group = FamilySpec.Heads / kvHeads;
        const int Width = FamilySpec.HeadDim;
        (double[][] Q, double[][] K, double[][] V)[] all = [.. x.Select((row, t) => Heads(layer, prefix, row, t))];
        double[][] result = new double[x.Length][];
        for (int t = 0; t < x.Length; t++)
        {
            double[] joined = new double[FamilySpec.Heads * Width];
            for (int head = 0; head < FamilySpec.Heads; head++)
            {
                int first = Math.Max(0, t - Math.Min(t, _spec.Window(layer) - 1));
                first = _spec.Chunk > 0 && _spec.HasRope(layer) ? t / _spec.Chunk * _spec.Chunk : first;
                List<double> scores = [];
                for (int j = first; j <= t; j++)
                {
                    scores.Add(_spec.ScoreScale * all[t].Q[head].Zip(all[j].K[head / group], (a, b) => a * b).Sum());
                }

                if (_spec.HasSinks)
                {
                    scores.Add(_weights[prefix + "sinks"].Data[head]);
                }

                double[] shares = Softmax([.. scores]);
                for (int j = first; j <= t; j++)
                {
                    for (int d = 0; d < Width; d++)
                    {
                        joined[(head * Width) + d] += shares[j - first] * all[j].V[head / group][d];
                    }
                }
            }

            result[t] = Linear(prefix + _spec.Output, joined);
        }

        return result;
    }

    private (double[][] Q, double[][] K, double[][] V) Heads(int layer, string prefix, double[] x, int position)
    {
        (double[][] q, double[][] k, double[][] v) = Project(prefix, x);
        if (_spec.Clip > 0)
        {
            double[][] Cut(double[][] heads) =>
                [.. heads.Select(head => head.Select(value => Math.Clamp(value, -_spec.Clip, _spec.Clip)).ToArray())];
            (q, k, v) = (Cut(q), Cut(k), Cut(v));
        }

        (double scale, int tokens, int offset) = _spec.Temperature(layer);
        if (tokens > 0)
        {
            double factor = 1 + (scale * Math.Log(1 + Math.Floor((position + offset) / (double)tokens)));
            q = [.. q.Select(head => head.Select(value => value * factor).ToArray())];
        }

        if (_spec.QkNorm is "plain")
        {
            double[] ones = [.. Enumerable.Repeat(1.0, FamilySpec.HeadDim)];
            double[] Turned(double[] head) => _spec.HasRope(layer) ? Rms(Rotate(layer, head, position), ones) : head;
            return ([.. q.Select(Turned)], [.. k.Select(Turned)], v);
        }

        if (!_spec.NormsAfterRope)
        {
            (q, k) = (NormHeads(prefix + _spec.QkNormNames.Query, q), NormHeads(prefix + _spec.QkNormNames.Key, k));
        }

        if (_spec.HasRope(layer))
        {
            (q, k) = ([.. q.Select(head => Rotate(layer, head, position))], [.. k.Select(head => Rotate(layer, head, position))]);
        }

        return _spec.NormsAfterRope
            ? (NormHeads(prefix + _spec.QkNormNames.Query, q), NormHeads(prefix + _spec.QkNormNames.Key, k), v)
            : (q, k, v);
    }

    private (double[][] Q, double[][] K, double[][] V) Project(string prefix, double[] x)
    {
        const int Width = FamilySpec.HeadDim;
        int group = FamilySpec.Heads / _spec.KvHeads;
        if (_spec.Qkv is "alone")
        {
            return (
                [.. Linear(prefix + "q_proj", x).Chunk(Width)], [.. Linear(prefix + "k_proj", x).Chunk(Width)],
                [.. Linear(prefix + "v_proj", x).Chunk(Width)]);
        }

        double[][] heads = [.. Linear(prefix + _spec.FusedQkv, x).Chunk(Width)];
        if (_spec.Qkv is "conv1d")
        {
            return (heads[..FamilySpec.Heads], heads[FamilySpec.Heads..(2 * FamilySpec.Heads)], heads[(2 * FamilySpec.Heads)..]);
        }

        double[][][] groups = [.. heads.Chunk(group + 2)];
        return (
            [.. groups.SelectMany(one => one[..group])], [.. groups.Select(one => one[group])], [.. groups.Select(one => one[group + 1])]);
    }

    private double[][] NormHeads(string name, double[][] heads)
    {
        switch (_spec.QkNorm)
        {
            case "head":
                return [.. heads.Select(head => Rms(head, Values(name + ".weight")))];
            case "full":
                return [.. Rms([.. heads.SelectMany(head => head)], Values(name + ".weight")).Chunk(FamilySpec.HeadDim)];
            case "each":
                return [.. heads.Select((head, index) => Centred(head, _weights.ContainsKey(name + ".weight")
                    ? [.. Values(name + ".weight").Skip(index * FamilySpec.HeadDim).Take(FamilySpec.HeadDim)]
                    : Values($"{name}.norms.{index}.weight"), null))];
            default:
                return heads;
        }
    }

    private double[] Rotate(int layer, double[] head, int position)
    {
        double[] result = [.. head];
        (Func<int, double> frequency, double amplitude) = _spec.Scaling?.Invoke(layer) ?? (_ => 1, 1);
        int half = _spec.Rotated / 2;
        for (int i = 0; i < half; i++)
        {
            double angle = position * frequency(i) * Math.Pow(_spec.Theta, -2.0 * i / _spec.Rotated);
            (int a, int b) = _spec.NeighboursRotate ? (2 * i, (2 * i) + 1) : (i, i + half);
            result[a] = amplitude * ((head[a] * Math.Cos(angle)) - (head[b] * Math.Sin(angle)));
            result[b] = amplitude * ((head[b] * Math.Cos(angle)) + (head[a] * Math.Sin(angle)));
        }

        return result;
    }

    private double[] FeedForward(int layer, string prefix, double[] x) =>
        _spec.HasExperts(layer) ? Mixture(prefix, _spec.Mixture!, x) : Network(prefix + _spec.FeedForward, x);

    private double[] Network(string prefix, double[] x)
    {
        (string? gate, string up, string down) = _spec.Network;
        if (gate is null)
        {
            return Linear(prefix + down, [.. Linear(prefix + up, x).Select(value => Activate(value, prefix))]);
        }

        double[] gates = Linear(prefix + gate, x), ups = Linear(prefix + up, x);
        if (string.Equals(gate, up, StringComparison.Ordinal))
        {
            (gates, ups) = (gates[..(gates.Length / 2)], ups[(ups.Length / 2)..]);
        }

        return Linear(prefix + down, [.. gates.Zip(ups, (g, u) => Activate(g, prefix) * u)]);
    }

    private double Activate(double x, string prefix)
    {
        switch (_spec.Activation)
        {
            case "gelu":
                return 0.5 * x * (1 + Erf(x / Math.Sqrt(2)));
            case "gelu_tanh":
                return 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x))));
            case "relu2":
                return Math.Max(x, 0) * Math.Max(x, 0);
            case "xielu":
                double Slope(string name) => Math.Log(1 + Math.Exp(_weights[prefix + "act_fn." + name].Data[0]));
                return x > 0
                    ? (Slope("alpha_p") * x * x) + (0.5 * x)
                    : ((Math.Exp(Math.Min(x, -1e-6)) - 1 - x) * (0.5 + Slope("alpha_n"))) + (0.5 * x);
            default:
                return x / (1 + Math.Exp(-x));
        }
    }

    private double[] Mixture(string prefix, ExpertSpec spec, double[] x)
    {
        double[] scores = Linear(prefix + spec.Router, x);
        double[] probabilities = spec.UsesSigmoid ? [.. scores.Select(score => 1 / (1 + Math.Exp(-score)))] : Softmax(scores);
        double[] ranks = spec.Correction is { } correction ? Sum(probabilities, Values(prefix + correction), 1) : probabilities;
        int size = ranks.Length / spec.Groups;
        int[] groups = [.. Enumerable.Range(0, spec.Groups)
            .OrderByDescending(g => ranks.Skip(g * size).Take(size).OrderDescending().Take(2).Sum()).Take(spec.GroupsUsed)];
        int[] chosen = [.. Enumerable.Range(0, ranks.Length).Where(e => groups.Contains(e / size))
            .OrderByDescending(e => ranks[e]).Take(spec.Used)];
        double total = spec.Normalises ? chosen.Sum(e => probabilities[e]) : 1;
        double[] sum = spec.Shared is { } shared ? Network(prefix + shared, x) : new double[x.Length];
        foreach (int expert in chosen)
        {
            bool scalesInput = spec.Layout is "llama4";
            double[] input = scalesInput ? [.. x.Select(value => value * probabilities[expert])] : x;
            sum = Sum(sum, Expert(prefix, spec, expert, input), scalesInput ? 1 : spec.Scale * probabilities[expert] / total);
        }

        return sum;
    }

    private double[] Expert(string prefix, ExpertSpec spec, int expert, double[] x)
    {
        switch (spec.Layout)
        {
            case "granite":
                double[] both = Multiply(Slice(prefix + "block_sparse_moe.input_linear.weight", expert), x);
                double[] inner = [.. both[..spec.Inner].Zip(both[spec.Inner..], (g, u) => Activate(g, prefix) * u)];
                return Multiply(Slice(prefix + "block_sparse_moe.output_linear.weight", expert), inner);
            case "llama4":
                double[] outputs = Transposed(Slice(prefix + "feed_forward.experts.gate_up_proj", expert), x);
                double[] gated = [.. outputs[..spec.Inner].Zip(outputs[spec.Inner..], (g, u) => Activate(g, prefix) * u)];
                return Transposed(Slice(prefix + "feed_forward.experts.down_proj", expert), gated);
            case "oss":
                double[] mixed = Sum(
                    Transposed(Slice(prefix + "mlp.experts.gate_up_proj", expert), x),
                    Vector(prefix + "mlp.experts.gate_up_proj_bias", expert), 1);
                double[] cut = new double[spec.Inner];
                for (int i = 0; i < cut.Length; i++)
                {
                    double gate = Math.Min(mixed[2 * i], 7), up = Math.Clamp(mixed[(2 * i) + 1], -7, 7);
                    cut[i] = (up + 1) * gate / (1 + Math.Exp(-1.702 * gate));
                }

                return Sum(
                    Transposed(Slice(prefix + "mlp.experts.down_proj", expert), cut),
                    Vector(prefix + "mlp.experts.down_proj_bias", expert), 1);
            default:
                string own = $"{prefix}{spec.Experts}{expert}.";
                return Linear(own + spec.Names.Down, [.. Linear(own + spec.Names.Gate, x)
                    .Zip(Linear(own + spec.Names.Up, x), (g, u) => Activate(g, prefix) * u)]);
        }
    }

    private double[] Norm(double[] x, string name)
    {
        switch (_spec.Norm)
        {
            case "rms":
                return Rms(x, Values(name + ".weight"));
            case "plain":
                return Centred(x, [.. Enumerable.Repeat(1.0, x.Length)], null);
            default:
                double offset = _spec.Norm is "ln1p" ? 1 : 0;
                return Centred(
                    x, [.. Values(name + ".weight").Select(value => value + offset)], _spec.Norm is "lnw" ? null : Values(name + ".bias"));
        }
    }

    private static double[] Rms(double[] x, double[] weight)
    {
        double root = Math.Sqrt(x.Average(value => value * value) + Epsilon);
        return [.. x.Zip(weight, (value, factor) => value / root * factor)];
    }

    private static double[] Centred(double[] x, double[] weight, double[]? bias)
    {
        double mean = x.Average(), root = Math.Sqrt(x.Average(value => (value - mean) * (value - mean)) + Epsilon);
        double[] y = [.. x.Zip(weight, (value, factor) => (value - mean) / root * factor)];
        return bias is null ? y : Sum(y, bias, 1);
    }

    private double[] Linear(string name, double[] x) => Linear(name, x, _spec.IsTransposed);

    private double[] Linear(string name, double[] x, bool transposed)
    {
        ReferenceTensor matrix = _weights[name + ".weight"];
        double[] y = transposed ? Transposed(matrix, x) : Multiply(matrix, x);
        return _weights.ContainsKey(name + ".bias") ? Sum(y, Values(name + ".bias"), 1) : y;
    }

    private static double[] Multiply(ReferenceTensor matrix, double[] x) =>
        [.. Enumerable.Range(0, matrix.Rows)
            .Select(row => x.Select((value, column) => matrix.Data[(row * x.Length) + column] * value).Sum())];

    private static double[] Transposed(ReferenceTensor matrix, double[] x) =>
        [.. Enumerable.Range(0, matrix.Columns)
            .Select(column => x.Select((value, row) => matrix.Data[(row * matrix.Columns) + column] * value).Sum())];

    private ReferenceTensor Slice(string name, int index)
    {
        ReferenceTensor all = _weights[name];
        int size = all.Shape[1] * all.Shape[2];
        return new ReferenceTensor([all.Shape[1], all.Shape[2]], all.Data[(index * size)..((index + 1) * size)]);
    }

    private double[] Vector(string name, int index)
    {
        ReferenceTensor all = _weights[name];
        return [.. all.Data.Skip(index * all.Columns).Take(all.Columns).Select(value => (double)value)];
    }

    private double[] Values(string name) => [.. _weights[name].Data.Select(value => (double)value)];

    private double[] Row(string table, int row) => Vector(table + ".weight", row);

    private static double[] Sum(double[] x, double[] y, double factor) => [.. x.Zip(y, (a, b) => a + (factor * b))];

    private static double[] Softmax(double[] scores)
    {
        double top = scores.Max();
        double[] powers = [.. scores.Select(score => Math.Exp(score - top))];
        double sum = powers.Sum();
        return [.. powers.Select(power => power / sum)];
    }

    // Maclaurin's series; exact enough for |x| below 6, beyond which erf is 1 in double precision.
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
