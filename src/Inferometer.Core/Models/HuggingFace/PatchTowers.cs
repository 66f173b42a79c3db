namespace Inferometer.Core.Models.HuggingFace;

/// <summary>Vision towers with projections into the language model of their own: Qwen3-VL's, and Pixtral as Mistral 3 has it.</summary>
internal static class PatchTowers
{
    /// <summary>Parameters of the tower with its projections, or null where its kind is not described.</summary>
    public static long? Count(JsonFields outer, JsonFields v, int hidden) => v.Text("model_type") switch
    {
        "qwen3_vl" or "qwen3_vl_vision" or "qwen3_vl_moe" or "qwen3_vl_moe_vision" or "qwen3_5" or "qwen3_5_vision" or "qwen3_5_moe"
            or "qwen3_5_moe_vision" => Qwen3(v),
        "pixtral" when outer.Text("model_type") is "mistral3" => Pixtral(v) + Mistral3Projector(outer, v, hidden),
        _ => null,
    };

    // Patches of two frames, learned positions, pre-norm layers with biases; a merger of four patches at the end and one more for each
    // layer that also feeds the language model directly.
    private static long Qwen3(JsonFields v)
    {
        long width = v.IntOr(1152, 1, Limits.Width, "hidden_size");
        long inner = v.IntOr(4304, 1, Limits.Inner, "intermediate_size");
        long layers = v.IntOr(27, 1, Limits.Layers, "depth");
        long output = v.IntOr(3584, 1, Limits.Width, "out_hidden_size");
        long side = v.IntOr(2, 1, 64, "spatial_merge_size");
        long patch = v.IntOr(16, 1, 4096, "patch_size");
        long pixels = patch * patch * v.IntOr(2, 1, 64, "temporal_patch_size") * v.IntOr(3, 1, 64, "in_channels");
        long merged = side * side * width;
        long merger = (merged * merged) + merged + (merged * output) + output;
        long direct = v.Ints("deepstack_visual_indexes", 0, Limits.Layers)?.Length ?? 0;
        long layer = (4 * width) + (4 * width * width) + (4 * width) + (2 * width * inner) + inner + width;
        return (pixels * width) + width + (v.IntOr(2304, 1, 1 << 24, "num_position_embeddings") * width) + (layers * layer)
            + merger + (2 * width) + (direct * (merger + (2 * merged)));
    }

    // Two-dimensional rotary positions, so no table; no biases anywhere.
    private static long Pixtral(JsonFields v)
    {
        long width = v.IntOr(1024, 1, Limits.Width, "hidden_size");
        long inner = v.IntOr(4096, 1, Limits.Inner, "intermediate_size");
        long layers = v.IntOr(24, 1, Limits.Layers, "num_hidden_layers");
        long patch = v.IntOr(16, 1, 4096, "patch_size");
        long pixels = patch * patch * v.IntOr(3, 1, 64, "num_channels");
        return (pixels * width) + width + (layers * ((4 * width * width) + (3 * width * inner) + (2 * width)));
    }

    // A norm, a merger of neighbouring patches, and two linear maps.
    private static long Mistral3Projector(JsonFields outer, JsonFields v, int hidden)
    {
        long width = v.IntOr(1024, 1, Limits.Width, "hidden_size");
        long side = outer.IntOr(2, 1, 64, "spatial_merge_size");
        long biases = outer.BoolOr(false, "multimodal_projector_bias") ? 2L * hidden : 0;
        return width + (side * side * width * width) + (width * hidden) + ((long)hidden * hidden) + biases;
    }
}
