namespace Inferometer.Core.Models.HuggingFace;

/// <summary>
/// BLT (arXiv:2412.09871): a decoder of bytes whose layers look at patches, made by a local encoder and a global transformer, with patches
/// cut by the entropy of a small model. The decoder is described layer by layer and the rest as parts.
/// </summary>
internal static class ByteLatentParts
{
    public static LayerArchitecture DecoderLayer(LayerFactory f, int index, LayerArchitecture layer) =>
        index == 0 || f.Fields.BoolOr(true, "cross_attn_all_layers")
            ? layer.With("attention to patches", CrossAttention(f.Hidden), SidePartUse.Multiplied)
            : layer;

    public static IEnumerable<SidePart> Around(LayerFactory f)
    {
        JsonFields outer = f.Shape.Outer;
        JsonFields encoder = Part(outer, "encoder_config");
        JsonFields global = Part(outer, "global_config");
        long width = encoder.IntOr(1024, 1, Limits.Width, "hidden_size");
        long wide = global.IntOr(2048, 1, Limits.Width, "hidden_size");
        long perPatch = outer.IntOr(2, 1, 64, "cross_attn_k");
        long groups = outer.Ints("encoder_hash_byte_group_size", 1, 1024)?.Length ?? 6;
        long tables = groups * outer.IntOr(1, 1, 64, "encoder_hash_byte_group_nb_functions");
        long rows = outer.IntOr(500002, 1, Limits.Vocabulary, "encoder_hash_byte_group_vocab");
        yield return new("tables of byte groups", tables * rows * width, SidePartUse.LookedUp);

        int encoderLayers = encoder.IntOr(1, 1, Limits.Layers, "num_hidden_layers");
        long crossings = encoder.BoolOr(false, "cross_attn_all_layers") ? encoderLayers : 1;
        long local = Layers(encoder, 1024, 2816, 16, 1) + (width * width * perPatch) + (crossings * CrossAttention(width));
        yield return new("local encoder", local, SidePartUse.Multiplied);

        long joined = width * perPatch == wide ? 0 : width * perPatch * wide;
        yield return new("global transformer", Layers(global, 2048, 5632, 16, 25) + joined, SidePartUse.Multiplied);
        yield return new("projection of patches", wide * f.Hidden * perPatch, SidePartUse.Multiplied);
        if (outer.BoolOr(true, "patch_in_forward"))
        {
            JsonFields patcher = Part(outer, "patcher_config");
            long small = patcher.IntOr(768, 1, Limits.Width, "hidden_size");
            long vocabulary = patcher.IntOr(260, 1, Limits.Vocabulary, "vocab_size");
            long parameters = Layers(patcher, 768, 2048, 12, 14) + (2 * vocabulary * small) + small;
            yield return new("model that cuts patches", parameters, SidePartUse.Multiplied);
        }
    }

    private static JsonFields Part(JsonFields outer, string name) =>
        outer.Object(name) ?? throw outer.Wrong(name, "an object with the sizes of that part");

    private static long CrossAttention(long width) => (4 * width * width) + (2 * width);

    private static long Layers(JsonFields part, int hidden, int intermediate, int attentionHeads, int count)
    {
        long width = part.IntOr(hidden, 1, Limits.Width, "hidden_size");
        long inner = part.IntOr(intermediate, 1, Limits.Inner, "intermediate_size");
        int heads = part.IntOr(attentionHeads, 1, Limits.Heads, "num_attention_heads");
        long keys = width / heads * part.IntOr(heads, 1, Limits.Heads, "num_key_value_heads");
        return part.IntOr(count, 1, Limits.Layers, "num_hidden_layers")
            * ((2 * width * (width + keys)) + (3 * width * inner) + (2 * width));
    }
}
