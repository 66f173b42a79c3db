namespace Inferometer.Core.Models;

/// <summary>Rotary position embedding: base, rotated width, and the context-extension scheme.</summary>
public sealed record RopeParameters
{
    /// <summary>A divisor in <see cref="ShortFactors"/> by which a pair of channels does not turn, as llama.cpp's files have it.</summary>
    public const double Still = 1e30;

    /// <summary>Base of the geometric frequencies (theta).</summary>
    public double Theta { get; init; } = 10000;

    /// <summary>Leading channels of a head that are rotated; 0 = all.</summary>
    public int RotaryDim { get; init; }

    /// <summary>
    /// Adjacent channels (2i, 2i+1) form the rotated pairs (GGUF llama files, DeepSeek, GLM, Llama-4); false: channel i goes with i + half
    /// (the rest of Hugging Face).
    /// </summary>
    public bool Interleaved { get; init; }

    /// <summary>Context-extension scheme.</summary>
    public RopeScaling Scaling { get; init; } = RopeScaling.None;

    /// <summary>Scale factor of linear, dynamic, YaRN and llama3 scaling.</summary>
    public double Factor { get; init; } = 1;

    /// <summary>Context the model was trained on before extension, tokens.</summary>
    public int OriginalContextTokens { get; init; }

    /// <summary>llama3: <c>low_freq_factor</c>.</summary>
    public double LowFrequencyFactor { get; init; } = 1;

    /// <summary>llama3: <c>high_freq_factor</c>.</summary>
    public double HighFrequencyFactor { get; init; } = 4;

    /// <summary>YaRN: <c>beta_fast</c>.</summary>
    public double BetaFast { get; init; } = 32;

    /// <summary>YaRN: <c>beta_slow</c>.</summary>
    public double BetaSlow { get; init; } = 1;

    /// <summary>YaRN: the corrected range is rounded to whole channels (gpt-oss: not).</summary>
    public bool TruncateRange { get; init; } = true;

    /// <summary>YaRN and LongRoPE: factor on cosines and sines; 0 = the scheme's own formula.</summary>
    public double AttentionFactor { get; init; }

    /// <summary>LongRoPE: per-frequency divisors within the original context; empty = none. For GGUF <c>rope_freqs</c> too.</summary>
    public EquatableList<double> ShortFactors { get; init; } = [];

    /// <summary>LongRoPE: per-frequency divisors beyond the original context; empty = none.</summary>
    public EquatableList<double> LongFactors { get; init; } = [];
}
