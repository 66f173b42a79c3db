using System.Globalization;
using Inferometer.Core.Deployments;
using Inferometer.Core.Weights;

namespace Inferometer.Core.Gguf;

/// <summary>The tensor table of a GGUF file as a scheme of weights.</summary>
internal static class GgufWeights
{
    private static readonly Dictionary<string, WeightKind[]> ByName = new(StringComparer.Ordinal)
    {
        ["token_embd.weight"] = [WeightKind.TokenTable],
        ["position_embd.weight"] = [WeightKind.PositionTable],
        ["output.weight"] = [WeightKind.Head],
        ["attn_q.weight"] = [WeightKind.Query],
        ["attn_k.weight"] = [WeightKind.Key],
        ["attn_v.weight"] = [WeightKind.Value],
        ["attn_qkv.weight"] = [WeightKind.Query, WeightKind.Key, WeightKind.Value],
        ["attn_gate.weight"] = [WeightKind.AttentionGate],
        ["attn_output.weight"] = [WeightKind.AttentionOutput],
        ["attn_q_a.weight"] = [WeightKind.QueryDown],
        ["attn_q_b.weight"] = [WeightKind.QueryUp],
        ["attn_kv_a_mqa.weight"] = [WeightKind.LatentDown],
        ["attn_kv_b.weight"] = [WeightKind.KeyUp, WeightKind.ValueUp],
        ["attn_k_b.weight"] = [WeightKind.KeyUp],
        ["attn_v_b.weight"] = [WeightKind.ValueUp],
        ["ffn_gate.weight"] = [WeightKind.Gate],
        ["ffn_up.weight"] = [WeightKind.Up],
        ["ffn_down.weight"] = [WeightKind.Down],
        ["ffn_gate_exps.weight"] = [WeightKind.ExpertGate],
        ["ffn_up_exps.weight"] = [WeightKind.ExpertUp],
        ["ffn_down_exps.weight"] = [WeightKind.ExpertDown],
        ["ffn_gate_shexp.weight"] = [WeightKind.SharedGate],
        ["ffn_up_shexp.weight"] = [WeightKind.SharedUp],
        ["ffn_down_shexp.weight"] = [WeightKind.SharedDown],
        ["ffn_gate_inp.weight"] = [WeightKind.Router],
        ["ffn_gate_inp_shexp.weight"] = [WeightKind.SharedSwitch],
        ["attn_sinks.weight"] = [WeightKind.Vector],
    };

    /// <param name="header">The file's header.</param>
    /// <param name="layers">Layers that run; tensors of blocks behind them are not loaded.</param>
    public static StoredTable Of(GgufHeader header, int layers)
    {
        Dictionary<(int Layer, WeightKind Kind), Sum> sums = [];
        Dictionary<string, double> bytesByFormat = new(StringComparer.Ordinal);
        double total = 0;
        foreach (GgufTensorInfo tensor in header.Tensors)
        {
            (int layer, WeightKind[] kinds) = Place(header, tensor.Name);
            if (layer >= layers)
            {
                continue;
            }

            total += tensor.ByteCount;
            Precision format = FormatOf(tensor.Type);
            bytesByFormat[format.Name] = bytesByFormat.GetValueOrDefault(format.Name) + tensor.ByteCount;
            foreach (WeightKind kind in kinds)
            {
                Sum sum = sums.GetValueOrDefault((layer, kind)) ?? new Sum();
                sum.Add(tensor.ElementCount, tensor.ByteCount, format);
                sums[(layer, kind)] = sum;
            }
        }

        const double Noticeable = 0.02;
        string main = bytesByFormat.Count == 0 ? "fp16" : bytesByFormat.MaxBy(f => f.Value).Key;
        return new StoredTable
        {
            Name = bytesByFormat.Count(f => f.Value > Noticeable * total) > 1 ? main + " mix" : main,
            Origin = $"tensors of {header.Source}",
            Main = Precisions(main),
            Compute = main is "fp32" or "bf16" ? Precisions(main) : Precision.Fp16,
            IsOfCheckpoint = true,
            TotalBytes = total,
            Entries =
            [
                .. sums.OrderBy(s => s.Key.Layer).ThenBy(s => s.Key.Kind)
                    .Select(s => new StoredKind(s.Key.Layer, s.Key.Kind, s.Value.Bytes / s.Value.Elements, s.Value.Format!)),
            ],
        };
    }

    private static (int Layer, WeightKind[] Kinds) Place(GgufHeader header, string name)
    {
        int layer = -1;
        string rest = name;
        if (name.StartsWith("blk.", StringComparison.Ordinal) && name.IndexOf('.', 4) is > 4 and int dot
            && int.TryParse(name.AsSpan(4, dot - 4), NumberStyles.None, CultureInfo.InvariantCulture, out layer))
        {
            rest = name[(dot + 1)..];
        }

        // A gated network whose gate is stored in the same matrix as the other half.
        if (rest is "ffn_up.weight" && layer >= 0
            && !header.TryGetTensor(string.Create(CultureInfo.InvariantCulture, $"blk.{layer}.ffn_gate.weight"), out _))
        {
            return (layer, [WeightKind.Gate, WeightKind.Up]);
        }

        return (layer, ByName.TryGetValue(rest, out WeightKind[]? kinds) ? kinds
            : rest.EndsWith("_norm.weight", StringComparison.Ordinal) || rest.EndsWith("norm_2.weight", StringComparison.Ordinal)
                || rest.EndsWith("_norm.bias", StringComparison.Ordinal) ? [WeightKind.Norm]
            : rest.EndsWith(".bias", StringComparison.Ordinal) ? [WeightKind.Bias]
            : []);
    }

    private static Precision FormatOf(GgmlType type) => Precisions(type switch
    {
        GgmlType.F32 => "fp32",
        GgmlType.F16 => "fp16",
        GgmlType.BF16 => "bf16",
        _ => type.ToString().ToLowerInvariant(),
    }, type);

    private static Precision Precisions(string name, GgmlType? type = null) =>
        Precision.All.FirstOrDefault(p => string.Equals(p.Name, name, StringComparison.Ordinal))
            ?? new Precision(name, type?.BitsPerValue() ?? 16, MathFormat.Int8) { IsGguf = true };

    private sealed class Sum
    {
        private double _largest;

        public double Elements { get; private set; }

        public double Bytes { get; private set; }

        public Precision? Format { get; private set; }

        public void Add(double elements, double bytes, Precision format)
        {
            Elements += elements;
            Bytes += bytes;
            if (bytes > _largest)
            {
                (_largest, Format) = (bytes, format);
            }
        }
    }
}
