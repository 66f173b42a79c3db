using System.Text.Json;
using Inferometer.Server.Generation;
using Inferometer.Server.Wire;

namespace Inferometer.Server.Ollama;

/// <summary>The <c>options</c> of requests to Ollama's API, as far as they are about how a model is loaded.</summary>
internal static class OllamaOptions
{
    private static readonly JsonElement s_none = JsonElement.Parse("{}");

    // How Ollama loads a model and lays out its memory; here it is loaded already.
    private static readonly string[] s_loading =
    [
        "num_keep", "num_thread", "num_batch", "num_gpu", "main_gpu", "use_mmap", "use_mlock", "numa", "low_vram", "f16_kv", "logits_all",
        "vocab_only", "embedding_only", "num_gqa",
    ];

    /// <summary>The options, those about loading read.</summary>
    /// <exception cref="ApiException">A longer context is asked for than there is.</exception>
    public static RequestFields Of(RequestFields fields, ServedModel model)
    {
        RequestFields options = fields.Object("options") ?? RequestFields.Of(s_none);
        _ = options.Count("num_ctx", 1, model.Engine.MaxSequenceTokens); // the context is there, whatever part is asked for
        options.Ignore(s_loading);
        fields.Ignore("keep_alive"); // the model stays
        return options;
    }
}
