namespace Inferometer.Core.Models.HuggingFace;

/// <summary>
/// Towers for images and sound beside a language model, counted from their own configurations as transformers' classes build them. They
/// are loaded with the model and idle while it writes text.
/// </summary>
internal static class Towers
{
    // The causal LM classes of these load the language model alone; where the file names a class that takes pictures too, so do engines.
    private static readonly string[] TextOnly =
        ["emu3", "llama4", "mllama", "qwen3_5", "qwen3_5_moe", "qwen4_exp", "minimax_m3_vl", "cohere_compass", "inkling_mm_model"];

    private static readonly string[] Described = ["vision_config", "audio_config", "vq_config"];

    public static IEnumerable<SidePart> Of(JsonFields outer, int hidden)
    {
        string type = outer.Text("model_type") ?? "";
        if (IsTextOnly(outer))
        {
            yield break;
        }

        if (type is "fuyu")
        {
            long side = outer.IntOr(30, 1, 4096, "patch_size");
            long patch = side * side * outer.IntOr(3, 1, 64, "num_channels");
            yield return new("projection of image patches", (patch * hidden) + hidden, SidePartUse.Idle);
        }

        if (type is "gemma4_assistant" or "gemma4_unified_assistant")
        {
            long backbone = outer.IntOr(1536, 1, Limits.Width, "backbone_hidden_size");
            long centroids = outer.BoolOr(false, "use_ordered_embeddings") ? outer.IntOr(2048, 1, Limits.Vocabulary, "num_centroids") : 0;
            long parameters = ((3 * backbone) + centroids) * hidden;
            yield return new("projections from and to the model it drafts for", parameters, SidePartUse.Multiplied);
        }

        if (outer.Object("vision_config") is { } vision
            && (Vision(type, vision, hidden) ?? PatchTowers.Count(outer, vision, hidden)) is { } images)
        {
            yield return new("vision tower", images, SidePartUse.Idle);
        }

        if (outer.Object("audio_config") is { } audio && AudioTowers.Count(type, audio, hidden) is { } sound)
        {
            yield return new("audio tower", sound, SidePartUse.Idle);
        }
    }

    /// <summary>One sentence for each tower that the file describes and the count leaves out.</summary>
    public static IEnumerable<string> LeftOut(JsonFields outer)
    {
        string type = outer.Text("model_type") ?? "";
        bool textOnly = IsTextOnly(outer);
        foreach (string name in Described)
        {
            if (outer.Object(name) is not { } tower)
            {
                continue;
            }

            string kind = tower.Text("model_type") ?? name;
            if (textOnly || name is "vq_config")
            {
                yield return $"The file also describes '{kind}'; the causal LM class for '{type}' does not load it and it is not counted.";
            }
            else if (name is "vision_config"
                ? Vision(type, tower, 1) is null && PatchTowers.Count(outer, tower, 1) is null
                : AudioTowers.Count(type, tower, 1) is null)
            {
                yield return $"The file also describes '{kind}', which Inferometer cannot count: its weights are missing from the total.";
            }
        }
    }

    private static bool IsTextOnly(JsonFields outer)
    {
        string type = outer.Text("model_type") ?? "";
        bool countable = type.StartsWith("qwen3_5", StringComparison.Ordinal);
        bool loadsAll = outer.Texts("architectures")?.Any(a => a.EndsWith("ForConditionalGeneration", StringComparison.Ordinal)) ?? false;
        return TextOnly.Contains(type, StringComparer.Ordinal) && !(countable && loadsAll);
    }

    private static long? Vision(string type, JsonFields v, int hidden)
    {
        string kind = v.Text("model_type") ?? "";
        long? tower = kind switch
        {
            "siglip_vision_model" or "phi4_multimodal_vision" => Siglip(v, v.BoolOr(true, "vision_use_head")),
            "clip_vision_model" or "git_vision_model" => Clip(v),
            "gemma4_vision" => Gemma4(v),
            "gemma4_unified_vision" => Gemma4Unified(v),
            "gemma3n_vision" => MobileNetV5,
            _ when type is "got_ocr2" => SegmentAnything(v),
            _ => null,
        };
        return tower is null ? null : tower + Projector(type, v, hidden);
    }

    // The published network of 300 million parameters; its configuration carries no sizes.
    private const long MobileNetV5 = 262665792;

    private static long Projector(string type, JsonFields v, int hidden)
    {
        long width = v.IntOr(768, 1, Limits.Width, "hidden_size");
        return type switch
        {
            "gemma3" => (width * hidden) + width,
            "gemma3n" => EmbedderOfGemma3n(v, width, hidden),
            "gemma4" => width * hidden,
            "gemma4_unified" => (long)v.IntOr(3840, 1, Limits.Width, "mm_embed_dim") * hidden,
            "phi4_multimodal" => (2 * width) + (width * hidden) + hidden + ((long)hidden * hidden) + hidden,
            "git" => (width * hidden) + hidden + (2L * hidden),
            "got_ocr2" => Upsampler(v.IntOr(256, 1, Limits.Width, "output_channels"), hidden),
            "llava" => (width * hidden) + hidden + ((long)hidden * hidden) + hidden,
            _ => 0,
        };
    }

    // Two strided convolutions and a projection.
    private static long Upsampler(long channels, long hidden) =>
        (18 * channels * channels) + (18 * channels * hidden) + (hidden * hidden) + hidden;

    /// <summary>Gemma 3n's embedder: a table for hard tokens, two norms, and a projection.</summary>
    public static long EmbedderOfGemma3n(JsonFields tower, long width, int hidden) =>
        (tower.IntOr(128, 0, Limits.Vocabulary, "vocab_size") * width) + (2 * width) + (width * hidden);

    // Pre-norm layers with biases, learned positions, and an attention pooling head.
    private static long Siglip(JsonFields v, bool head)
    {
        (long width, long inner, long layers) = Sizes(v, 768, 3072, 12);
        long attention = 4 * ((width * width) + width);
        long network = (2 * width * inner) + inner + width;
        long total = Patches(v, width, bias: true) + (Positions(v, 224) * width)
            + (layers * (attention + network + (4 * width))) + (2 * width);
        return head ? total + width + attention + network + (2 * width) : total;
    }

    private static long Clip(JsonFields v)
    {
        (long width, long inner, long layers) = Sizes(v, 768, 3072, 12);
        long layer = (4 * ((width * width) + width)) + (2 * width * inner) + inner + width + (4 * width);
        return width + Patches(v, width, bias: false) + ((Positions(v, 224) + 1) * width) + (layers * layer) + (4 * width);
    }

    // Gemma layers over patches with two tables of positions.
    private static long Gemma4(JsonFields v)
    {
        (long width, long inner, long layers) = Sizes(v, 768, 3072, 16);
        long headDim = v.IntOr(64, 1, Limits.HeadDim, "head_dim");
        long queries = v.IntOr(12, 1, Limits.Heads, "num_attention_heads") * headDim;
        long keys = v.IntOr(12, 1, Limits.Heads, "num_key_value_heads") * headDim;
        long layer = (2 * width * (queries + keys)) + (3 * width * inner) + (4 * width) + (2 * headDim);
        long extra = v.BoolOr(false, "standardize") ? 2 * width : 0;
        return Patches(v, width, bias: false)
            + (2L * v.IntOr(10240, 1, 1 << 24, "position_embedding_size") * width) + (layers * layer) + extra;
    }

    // No tower: large patches are projected between two norms, and given two tables of positions and a third norm.
    private static long Gemma4Unified(JsonFields v)
    {
        long width = v.IntOr(3840, 1, Limits.Width, "mm_embed_dim");
        long side = v.IntOr(16, 1, 4096, "patch_size") * (long)v.IntOr(3, 1, 64, "pooling_kernel_size");
        long patch = 3 * side * side;
        return (2 * patch) + (patch * width) + width + (4 * width) + (2L * v.IntOr(1120, 1, 1 << 24, "mm_posemb_size") * width);
    }

    // Segment Anything's encoder: relative positions within windows of 14 and, in a few layers, over the whole grid; a neck of two
    // convolutions.
    private static long SegmentAnything(JsonFields v)
    {
        long width = v.IntOr(768, 1, Limits.Width, "hidden_size");
        long output = v.IntOr(256, 1, Limits.Width, "output_channels");
        long layers = v.IntOr(12, 1, Limits.Layers, "num_hidden_layers");
        long inner = v.IntOr(3072, 1, Limits.Inner, "mlp_dim");
        long headDim = width / v.IntOr(12, 1, Limits.Heads, "num_attention_heads");
        long grid = v.IntOr(1024, 1, 1 << 16, "image_size") / v.IntOr(16, 1, 4096, "patch_size");
        long window = v.IntOr(14, 1, 4096, "window_size");
        long global = v.Ints("global_attn_indexes", 0, Limits.Layers)?.Length ?? 4;
        long layer = (4 * width) + (3 * width * width) + (3 * width) + (width * width) + width + (2 * width * inner) + inner + width;
        long relative = (((layers - global) * ((2 * window) - 1)) + (global * ((2 * grid) - 1))) * 2 * headDim;
        return Patches(v, width, bias: true) + (grid * grid * width) + (layers * layer) + relative
            + (width * output) + (9 * output * output) + (4 * output);
    }

    private static (long Width, long Inner, long Layers) Sizes(JsonFields v, int width, int inner, int layers) => (
        v.IntOr(width, 1, Limits.Width, "hidden_size"),
        v.IntOr(inner, 1, Limits.Inner, "intermediate_size"),
        v.IntOr(layers, 1, Limits.Layers, "num_hidden_layers"));

    private static long Patches(JsonFields v, long width, bool bias)
    {
        long patch = v.IntOr(16, 1, 4096, "patch_size");
        return (patch * patch * v.IntOr(3, 1, 64, "num_channels") * width) + (bias ? width : 0);
    }

    private static long Positions(JsonFields v, int image)
    {
        long side = v.IntOr(image, 1, 1 << 16, "image_size", "crop_size") / v.IntOr(16, 1, 4096, "patch_size");
        return side * side;
    }
}
