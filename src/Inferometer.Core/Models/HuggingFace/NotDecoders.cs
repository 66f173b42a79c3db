namespace Inferometer.Core.Models.HuggingFace;

/// <summary>Types that are known and are not decoders: encoders, and encoders with a decoder that needs them.</summary>
internal static class NotDecoders
{
    private static readonly string[] Encoders =
    [
        "albert", "bert", "bert-generation", "big_bird", "camembert", "canine", "convbert", "data2vec-text", "deberta", "deberta-v2",
        "distilbert", "electra", "ernie", "ernie_m", "esm", "eurobert", "flaubert", "fnet", "funnel", "ibert", "jina_embeddings_v3",
        "layoutlm", "layoutlmv2", "layoutlmv3", "lilt", "longformer", "luke", "lxmert", "markuplm", "megatron-bert", "mobilebert",
        "modernbert", "mpnet", "mra", "nezha", "nomic_bert", "nystromformer", "perceiver", "qdqbert", "rembert", "roberta",
        "roberta-prelayernorm", "roc_bert", "roformer", "splinter", "squeezebert", "tapas", "visual_bert", "xlm", "xlm-roberta",
        "xlm-roberta-xl", "xlnet", "xmod", "yoso", "clip", "siglip", "siglip2", "vit", "dinov2", "dinov3_vit", "wav2vec2", "hubert",
    ];

    private static readonly string[] EncoderDecoders =
    [
        "bart", "bigbird_pegasus", "blenderbot", "blenderbot-small", "encoder-decoder", "fsmt", "led", "longt5", "m2m_100", "marian",
        "mbart", "moonshine", "mt5", "musicgen", "musicgen_melody", "mvp", "nllb-moe", "pegasus", "pegasus_x", "plbart", "prophetnet",
        "seamless_m4t", "seamless_m4t_v2", "speech-encoder-decoder", "speech_to_text", "speecht5", "switch_transformers", "t5", "t5gemma",
        "t5gemma2", "trocr", "udop", "umt5", "vision-encoder-decoder", "whisper", "xlm-prophetnet",
    ];

    /// <summary>Throws for a type that no decoder is.</summary>
    /// <param name="modelType">The type.</param>
    /// <param name="source">Where it came from.</param>
    /// <param name="toRun">Some encoders are run, though none is priced.</param>
    /// <exception cref="InferometerException">The type is an encoder or an encoder-decoder.</exception>
    public static void Refuse(string modelType, string source, bool toRun = false)
    {
        string? kind = Encoders.Contains(modelType, StringComparer.Ordinal) ? "an encoder"
            : EncoderDecoders.Contains(modelType, StringComparer.Ordinal) ? "an encoder-decoder"
            : null;
        if (kind is not null)
        {
            throw Refusal(modelType, source, kind, toRun);
        }
    }

    /// <summary>The refusal to price a network whose tokens see those behind them.</summary>
    public static InferometerException RefusalToPrice(ModelArchitecture encoder) =>
        Refusal(encoder.ModelType, encoder.Source ?? encoder.Name, "an encoder", toRun: false);

    private static InferometerException Refusal(string modelType, string source, string kind, bool toRun) => new(
        $"{source}: '{modelType}' is {kind}. " + (toRun
            ? $"Of encoders the engine runs {string.Join(", ", EncoderFamilies.Known.Order(StringComparer.Ordinal))}."
            : "Inferometer describes decoders: models that write one token after another and nothing else."));
}
