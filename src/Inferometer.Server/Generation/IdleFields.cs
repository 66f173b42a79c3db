namespace Inferometer.Server.Generation;

/// <summary>Fields of requests that change nothing about an answer of this server, whatever they hold.</summary>
internal static class IdleFields
{
    /// <summary>Those that OpenAI's clients send for OpenAI's own service: who asks, what is stored, what is billed.</summary>
    public static string[] Bookkeeping { get; } =
    [
        "user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key", "prompt_cache_retention", "prediction",
        "request_id", "session_id",
    ];

    /// <summary>
    /// Those of vLLM and llama.cpp about how their engines work: where a sequence lies, which program holds answers to a grammar, blanks
    /// that their tokenizers put between control tokens, and what is kept of a context that here never moves.
    /// </summary>
    public static string[] Machinery { get; } =
    [
        "id_slot", "slot_id", "n_keep", "n_discard", "guided_decoding_backend", "spaces_between_special_tokens", "stream_interval",
    ];
}
