namespace Inferometer.Measurement.Load;

/// <summary>How an OpenAI-compatible service is asked.</summary>
public sealed record OpenAiTargetOptions
{
    /// <summary>Its address, with or without <c>/v1</c> at the end.</summary>
    public required Uri Address { get; init; }

    /// <summary>Name of the model in requests; null = the first that the service lists.</summary>
    public string? Model { get; init; }

    /// <summary>Asks <c>/chat/completions</c> instead of <c>/completions</c>.</summary>
    public bool Chat { get; init; }

    /// <summary>Key that is sent as a bearer token; null = none.</summary>
    public string? ApiKey { get; init; }

    /// <summary>
    /// Asks for answers of exactly the length wanted (<c>ignore_eos</c>, which vLLM, SGLang and llama.cpp know); otherwise an answer ends
    /// where the model ends it, at the latest at that length.
    /// </summary>
    public bool IgnoreEos { get; init; } = true;
}
