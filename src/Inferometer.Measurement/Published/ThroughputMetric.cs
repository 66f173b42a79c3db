namespace Inferometer.Measurement.Published;

/// <summary>What a published figure counts.</summary>
public enum ThroughputMetric
{
    /// <summary>Prompt tokens per second of prefill alone, over the deployment.</summary>
    PrefillTokensPerSecond,

    /// <summary>Prompt tokens per second of prefill alone, per device.</summary>
    PrefillTokensPerSecondPerDevice,

    /// <summary>Generated tokens per second of decoding alone, over the deployment.</summary>
    DecodeTokensPerSecond,

    /// <summary>Generated tokens per second of decoding alone, per device.</summary>
    DecodeTokensPerSecondPerDevice,

    /// <summary>Generated tokens per second of decoding alone, per request.</summary>
    DecodeTokensPerSecondPerUser,

    /// <summary>Generated tokens per second of a service that also reads prompts, over the deployment.</summary>
    OutputTokensPerSecond,

    /// <summary>Generated tokens per second of a service that also reads prompts, per device.</summary>
    OutputTokensPerSecondPerDevice,

    /// <summary>Prompt and generated tokens per second of a service, over the deployment.</summary>
    TotalTokensPerSecond,

    /// <summary>Time to first token, milliseconds.</summary>
    TtftMs,

    /// <summary>Time per output token, milliseconds.</summary>
    TpotMs,
}
