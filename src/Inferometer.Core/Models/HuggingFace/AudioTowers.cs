namespace Inferometer.Core.Models.HuggingFace;

/// <summary>Encoders of sound: the conformers of Gemma 3n, Gemma 4 and Phi-4-multimodal.</summary>
internal static class AudioTowers
{
    /// <summary>Parameters of the tower with its projections, or null where its kind is not described.</summary>
    public static long? Count(string type, JsonFields a, int hidden) => a.Text("model_type") switch
    {
        "gemma3n_audio" => Gemma3n(a) + Towers.EmbedderOfGemma3n(a, a.IntOr(1536, 1, Limits.Width, "hidden_size"), hidden),
        "gemma4_audio" => Gemma4(a, hidden),
        "gemma4_unified_audio" => (long)a.IntOr(640, 1, Limits.Width, "audio_embed_dim") * hidden,
        "phi4_multimodal_audio" => Phi4(a) + Phi4Projections(a, hidden),
        _ => null,
    };

    // Two strided convolutions and a projection before the layers.
    private static long Gemma3n(JsonFields a)
    {
        long width = a.IntOr(1536, 1, Limits.Width, "hidden_size");
        long layers = a.IntOr(12, 1, Limits.Layers, "conf_num_hidden_layers");
        long headDim = width / a.IntOr(8, 1, Limits.Heads, "conf_num_attention_heads");
        long taps = a.IntOr(5, 1, 1024, "conf_conv_kernel_size");
        int[] channels = a.Ints("sscp_conv_channel_size", 1, Limits.Width) is { Length: 2 } given ? given : [128, 32];
        long bands = (a.IntOr(128, 1, Limits.Width, "input_feat_size") + 3) / 4;
        long entry = (9L * channels[0]) + channels[0] + (9L * channels[0] * channels[1]) + channels[1] + (channels[1] * bands * width);
        return entry + (layers * ConformerLayer(width, headDim, taps));
    }

    // Gemma 3n's layers behind convolutions with scaled norms, a projection with a bias, and a linear map into the language model.
    private static long Gemma4(JsonFields a, int hidden)
    {
        long width = a.IntOr(1024, 1, Limits.Width, "hidden_size");
        long layers = a.IntOr(12, 1, Limits.Layers, "num_hidden_layers");
        long headDim = width / a.IntOr(8, 1, Limits.Heads, "num_attention_heads");
        long taps = a.IntOr(5, 1, 1024, "conv_kernel_size");
        long output = a.IntOr(1536, 1, Limits.Width, "output_proj_dims");
        int[] channels = a.Ints("subsampling_conv_channels", 1, Limits.Width) is { Length: 2 } given ? given : [128, 32];
        long entry = (10L * channels[0]) + (9L * channels[0] * channels[1]) + channels[1] + (channels[0] / 4 * channels[1] * width);
        return entry + (layers * ConformerLayer(width, headDim, taps)) + (width * output) + output + (output * hidden);
    }

    // Two networks of four times the width, attention with relative positions, a light convolution, and a norm behind them.
    private static long ConformerLayer(long width, long headDim, long taps)
    {
        long networks = 2 * ((8 * width * width) + (2 * width));
        long attention = (5 * width * width) + (2 * width) + headDim;
        long convolution = (3 * width * width) + (taps * width) + (2 * width);
        return networks + attention + convolution + width;
    }

    // A conformer with gated networks and gated pointwise convolutions, all with biases, behind three strided convolutions.
    private static long Phi4(JsonFields a)
    {
        long width = a.IntOr(1024, 1, Limits.Width, "hidden_size");
        long inner = a.IntOr(1536, 1, Limits.Inner, "intermediate_size");
        long blocks = a.IntOr(24, 1, Limits.Layers, "num_blocks");
        long outer = a.IntOr(1024, 1, Limits.Width, "ext_pw_out_channel");
        long separable = a.IntOr(1024, 1, Limits.Width, "depthwise_separable_out_channel");
        long taps = a.IntOr(3, 1, 1024, "kernel_size");
        long channels = a.IntOr(1024, 1, Limits.Width, "nemo_conv_channels");
        long network = (2 * width) + (width * 2 * inner) + (2 * inner) + (inner * width) + width;
        long attention = 4 * ((width * width) + width);
        long convolution = (2 * width) + (width * 2 * outer) + (2 * outer) + (2 * outer)
            + (width * taps) + width + (width * separable) + separable + (separable * outer) + outer;
        long entry = (9 * channels) + channels + (2 * ((9 * channels) + channels + (channels * channels) + channels))
            + (channels * a.IntOr(10, 1, 1 << 16, "nemo_final_size") * width) + width;
        long distances = a.IntOr(1000, 1, 1 << 20, "bias_max_distance") * (a.BoolOr(false, "bias_symmetric") ? 1L : 2L);
        return entry + (distances * a.IntOr(16, 1, Limits.Heads, "num_attention_heads"))
            + (blocks * ((2 * network) + attention + convolution + (4 * width)));
    }

    // One pair of projections for speech alone and one for speech with images.
    private static long Phi4Projections(JsonFields a, int hidden)
    {
        long width = a.IntOr(1024, 1, Limits.Width, "hidden_size") * (long)a.IntOr(1, 1, 64, "downsample_rate");
        return 2 * ((width * hidden) + hidden + ((long)hidden * hidden) + hidden);
    }
}
