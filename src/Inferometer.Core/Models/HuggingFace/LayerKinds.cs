using System.Globalization;

namespace Inferometer.Core.Models.HuggingFace;

/// <summary>How far one attention layer looks and whether positions enter it.</summary>
/// <param name="WindowTokens">Window, 0 = none.</param>
/// <param name="ChunkTokens">Chunk, 0 = none.</param>
/// <param name="HasRope">Rotary embedding is applied.</param>
/// <param name="IsGlobalOfMixed">A global layer of a model that also has local ones.</param>
internal readonly record struct LayerKind(int WindowTokens, int ChunkTokens, bool HasRope, bool IsGlobalOfMixed);

/// <summary>Which layers are local, global, chunked or recurrent, from <c>layer_types</c> or the older fields.</summary>
internal sealed class LayerKinds
{
    private static readonly string[] Full =
    [
        "full_attention", "attention", "global_attention", "global", "hybrid",
        "deepseek_sparse_attention", "minimax_m3_sparse", "hybrid_indexed",
        "compressed_sparse_attention", "heavily_compressed_attention",
    ];

    private static readonly string[] Sliding = ["sliding_attention", "local_attention", "local", "hybrid_sliding"];

    private static readonly string[] Recurrent = ["linear_attention", "mamba", "mamba2", "conv", "recurrent", "kda_attention", "linear"];

    private readonly JsonFields _fields;
    private readonly ModelShape _shape;
    private readonly string[]? _types;
    private readonly int[]? _hybrid;
    private readonly int[]? _ropeLayers;
    private readonly int _window;

    public LayerKinds(ModelShape shape)
    {
        _shape = shape;
        _fields = shape.Fields;
        _types = _fields.Texts("layer_types") ?? _fields.Texts("layers_block_type") ?? _fields.Texts("attention_layers");
        _hybrid = _fields.Ints("hybrid_layer_pattern", 0, 1);
        // An empty list means "the class's default", one layer in four without positions.
        _ropeLayers = _fields.Ints("no_rope_layers", 0, 1) is { Length: > 0 } given ? given : null;
        _window = _fields.IntOr(0, 0, int.MaxValue, "sliding_window", "sliding_window_size", "attention_window_size", "window_size");
        if (_types is not null && _shape.Traits.Stack is null && _types.Length != shape.LayerCount)
        {
            throw NotOneEach(shape.LayerCount);
        }
    }

    /// <summary>The file's own word for a layer, or null where it has none.</summary>
    public string? Word(int layer) => _types is not null && layer < _types.Length ? _types[layer] : null;

    public bool IsRecurrent(int layer)
    {
        if (_types is not null)
        {
            return Recurrent.Contains(Type(layer), StringComparer.Ordinal);
        }

        if (_shape.Traits.IsRecurrent is { } rule)
        {
            return rule(_fields, layer);
        }

        return _fields.Has("linear_num_value_heads") && (layer + 1) % _fields.IntOr(4, 1, Limits.Layers, "full_attention_interval") != 0;
    }

    public LayerKind Of(int layer)
    {
        if (_shape.ModelType is "llama4" or "llama4_text")
        {
            return Llama4(layer);
        }

        bool local = IsLocal(layer);
        int window = local && _window < _shape.MaxContextTokens ? _window : 0;
        return new LayerKind(window, 0, HasRope(layer, local), IsGlobalOfMixed: !local && _window > 0);
    }

    private bool HasRope(int layer, bool local)
    {
        if (_shape.ModelType is "smollm3")
        {
            return _ropeLayers is null
                ? (layer + 1) % _fields.IntOr(4, 1, Limits.Layers, "no_rope_layer_interval") != 0
                : layer >= _ropeLayers.Length || _ropeLayers[layer] != 0;
        }

        // Granite 4 says whether there is a rotary embedding at all.
        return _shape.ModelType is "granitemoehybrid"
            ? _fields.TextOrNull("position_embedding_type") is "rope"
            : local || !_shape.Traits.GlobalWithoutRope || _window == 0;
    }

    private LayerKind Llama4(int layer)
    {
        bool rope = _ropeLayers is null
            ? (layer + 1) % _fields.IntOr(4, 1, Limits.Layers, "no_rope_layer_interval") != 0
            : layer < _ropeLayers.Length && _ropeLayers[layer] != 0;
        bool chunked = _types is null ? rope : Type(layer) is "chunked_attention";
        return new LayerKind(0, chunked ? _fields.IntOr(8192, 1, int.MaxValue, "attention_chunk_size") : 0, rope, IsGlobalOfMixed: false);
    }

    private bool IsLocal(int layer)
    {
        if (_window == 0)
        {
            return false;
        }

        if (_hybrid is not null)
        {
            return layer < _hybrid.Length && _hybrid[layer] != 0;
        }

        FamilyTraits traits = _shape.Traits;
        if (traits.Windows == WindowRule.WhenSwitchedOn || _fields.Has("use_sliding_window"))
        {
            bool on = _fields.BoolOr(false, "use_sliding_window");
            return on && (_types is null
                ? layer >= _fields.IntOr(_shape.LayerCount, 0, Limits.Layers, "max_window_layers")
                : IsSliding(layer));
        }

        if (_types is not null)
        {
            return IsSliding(layer);
        }

        return traits.Windows switch
        {
            WindowRule.WhenFieldSet => true,
            WindowRule.Interleaved => (layer + 1) % GlobalEvery(traits) != 0,
            _ => false,
        };
    }

    // EXAONE spells its pattern as letters, LLLG, or as their number.
    private int GlobalEvery(FamilyTraits traits) => _fields.TextOrNull("sliding_window_pattern") is { Length: > 0 } letters
        ? letters.Length
        : _fields.IntOr(
            Math.Max(1, traits.GlobalEvery),
            1,
            Limits.Layers,
            "sliding_window_pattern",
            "_sliding_window_pattern", "global_attn_every_n_layers");

    private bool IsSliding(int layer) => Sliding.Contains(Type(layer), StringComparer.Ordinal);

    private string Type(int layer)
    {
        // A family that stacks its layers itself may ask for more of them than the list has.
        string type = layer < _types!.Length ? _types[layer] : throw NotOneEach(layer + 1);
        bool known = type is "chunked_attention" || Full.Contains(type, StringComparer.Ordinal)
            || Sliding.Contains(type, StringComparer.Ordinal) || Recurrent.Contains(type, StringComparer.Ordinal)
            || (_shape.Traits.Stack is not null && type is "moe" or "mlp");
        return known
            ? type
            : throw new InferometerException(
                $"{_fields.Source}: 'layer_types[{layer}]' is '{type}'; allowed are full_attention, sliding_attention, linear_attention, "
                + "chunked_attention and the names of sparse and recurrent layers.");
    }

    private InferometerException NotOneEach(int layers) => _fields.Wrong(
        Array.Find(["layer_types", "layers_block_type", "attention_layers"], _fields.Has)!,
        string.Create(CultureInfo.InvariantCulture, $"an array with one entry for each of the {layers} layers"));
}
