using System.Globalization;

namespace Inferometer.Measurement.Benchmarks;

/// <summary>
/// One thing to time, named as llama-bench names it: <c>pp512</c>, <c>tg128</c>, <c>pp512+tg128</c>, each with <c>@ d1024</c> after 1024
/// tokens in the cache.
/// </summary>
/// <param name="PromptTokens">Prompt tokens per sequence, processed in as few steps as possible.</param>
/// <param name="GeneratedTokens">Tokens per sequence, one step each.</param>
/// <param name="Depth">Tokens per sequence in the cache before timing starts.</param>
/// <param name="Sequences">Sequences side by side.</param>
public sealed record BenchTest(int PromptTokens, int GeneratedTokens, int Depth, int Sequences)
{
    /// <summary>Tokens timed, over all sequences.</summary>
    public long Tokens => (long)Sequences * (PromptTokens + GeneratedTokens);

    /// <summary>Longest sequence.</summary>
    public int Length => Depth + PromptTokens + GeneratedTokens;

    /// <summary>Name of the test.</summary>
    public string Name
    {
        get
        {
            string[] parts =
            [
                .. PromptTokens > 0 ? [string.Create(CultureInfo.InvariantCulture, $"pp{PromptTokens}")] : (string[])[],
                .. GeneratedTokens > 0 ? [string.Create(CultureInfo.InvariantCulture, $"tg{GeneratedTokens}")] : (string[])[],
            ];
            string depth = Depth > 0 ? string.Create(CultureInfo.InvariantCulture, $" @ d{Depth}") : "";
            string sequences = Sequences > 1 ? string.Create(CultureInfo.InvariantCulture, $" x {Sequences}") : "";
            return string.Join('+', parts) + depth + sequences;
        }
    }
}
