using System.Globalization;
using Inferometer.Core.Gguf;
using Inferometer.Core.Models;
using Inferometer.Core.Weights;
using Inferometer.ModelFiles.Formats;
using Inferometer.ModelFiles.Quantization;

namespace Inferometer.ModelFiles.Conversion;

/// <summary>Formats by the rules of a mix, as llama.cpp's quantiser chooses them.</summary>
internal sealed class MixChoice : ITypeChoice
{
    private static readonly Dictionary<string, WeightKind> s_kinds = new(StringComparer.Ordinal)
    {
        ["attn_q"] = WeightKind.Query,
        ["attn_qkv"] = WeightKind.Query,
        ["attn_k"] = WeightKind.Key,
        ["attn_v"] = WeightKind.Value,
        ["attn_output"] = WeightKind.AttentionOutput,
        ["ffn_gate"] = WeightKind.Gate,
        ["ffn_up"] = WeightKind.Up,
        ["ffn_down"] = WeightKind.Down,
        ["ffn_gate_exps"] = WeightKind.ExpertGate,
        ["ffn_up_exps"] = WeightKind.ExpertUp,
        ["ffn_down_exps"] = WeightKind.ExpertDown,
        ["ffn_gate_shexp"] = WeightKind.SharedGate,
        ["ffn_up_shexp"] = WeightKind.SharedUp,
        ["ffn_down_shexp"] = WeightKind.SharedDown,
        ["ffn_gate_inp"] = WeightKind.Router,
        ["ffn_gate_inp_shexp"] = WeightKind.SharedSwitch,
    };

    private readonly string _name;
    private readonly GgufMix _mix;
    private readonly WeightFacts _facts;
    private readonly bool _hasImportances;
    private readonly Func<WeightTensor, StoredWeight> _rule;
    private readonly List<string> _notes = [];

    /// <param name="name">Name of the mix.</param>
    /// <param name="model">The model to be converted.</param>
    /// <param name="tiedHead">The embedding is the output head as well.</param>
    /// <param name="hasImportances">There is an importance matrix.</param>
    public MixChoice(string name, ModelArchitecture model, bool tiedHead, bool hasImportances)
    {
        _name = name;
        _mix = QuantizationMix.Find(name);
        _facts = ModelTensors.Facts(model) with { TiedEmbeddings = tiedHead, KeptExperts = null };
        _hasImportances = hasImportances;
        _rule = _mix.For(_facts);
    }

    public IReadOnlyList<string> Notes => _notes;

    public uint FileType => GgufFileType.Of(_mix.Name);

    public GgmlType For(ConvertedTensor tensor)
    {
        if (tensor.Shape.Length == 1 || (tensor.StaysFloat && !tensor.Name.Contains("ffn_gate_inp", StringComparison.Ordinal)))
        {
            return GgmlType.F32;
        }

        (WeightKind kind, int layer) = KindOf(tensor.Name);
        if (tensor.SourceType == GgmlType.MXFP4 && WeightParts.Of(kind) == WeightPart.Experts)
        {
            // As files of gpt-oss have them: they were trained in it, and other formats make them larger or worse.
            return GgmlType.MXFP4;
        }

        GgmlType chosen = QuantizationMix.TypeOf(_rule(new WeightTensor(kind, layer, tensor.Columns, tensor.Rows)).Format);
        chosen = Guarded(chosen, kind, layer, tensor.Columns);
        if (chosen == GgmlType.F16 && _mix.Main.BlockElements > 1)
        {
            _notes.Add(string.Create(
                CultureInfo.InvariantCulture, $"'{tensor.Name}' is stored as F16: its rows of {tensor.Columns} values fill no blocks."));
        }

        if (tensor.SourceType.IsQuantized() && tensor.SourceType != chosen)
        {
            _notes.Add(
                $"'{tensor.Name}' was already quantised as {tensor.SourceType} and is quantised again; a file made from the original "
                    + "weights would be better.");
        }

        return chosen;
    }

    /// <summary>What a tensor is, by its name; a matrix of an unknown name follows the mix's main format.</summary>
    private static (WeightKind Kind, int Layer) KindOf(string name)
    {
        string[] parts = name.Split('.');
        return parts switch
        {
            ["token_embd", ..] => (WeightKind.TokenTable, -1),
            ["output", ..] => (WeightKind.Head, -1),
            ["blk", var layer, var stem, ..] when int.TryParse(layer, CultureInfo.InvariantCulture, out int index) =>
                (s_kinds.GetValueOrDefault(stem, WeightKind.PartMatrix), index),
            _ => (WeightKind.PartMatrix, -1),
        };
    }

    // The quantiser keeps more bits in the first down projections where errors of these formats grow without bounds.
    private GgmlType Guarded(GgmlType chosen, WeightKind kind, int layer, long columns)
    {
        if (kind is not (WeightKind.Down or WeightKind.ExpertDown) || layer >= _facts.Layers / 8)
        {
            return chosen;
        }

        GgmlType raised = chosen switch
        {
            GgmlType.IQ4_NL or GgmlType.IQ4_XS when !_hasImportances && columns % 256 == 0 => GgmlType.Q5_K,
            GgmlType.Q4_0 when _hasImportances && _name is "q4_0" => GgmlType.Q4_1,
            GgmlType.Q5_0 when _hasImportances && _name is "q5_0" => GgmlType.Q5_1,
            _ => chosen,
        };
        return BlockCodec.IsWritten(raised) ? raised : chosen;
    }
}
