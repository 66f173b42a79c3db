using Inferometer.Measurement.Evaluation;
using Inferometer.Reports.Documents;

namespace Inferometer.Reports.Evaluation;

/// <summary>How well a model predicts a text.</summary>
public static class PerplexityPage
{
    /// <summary>The page.</summary>
    /// <param name="model">Name of the model.</param>
    /// <param name="file">The text's file.</param>
    /// <param name="method">What counts in a window.</param>
    /// <param name="result">What was measured.</param>
    /// <param name="seconds">How long that took.</param>
    public static Document Of(string model, string file, PerplexityMethod method, PerplexityResult result, double seconds)
    {
        ArgumentNullException.ThrowIfNull(result);
        string counted = method == PerplexityMethod.SecondHalf ? "the second half of each counted (llama.cpp)" : "all tokens counted";
        double loss = result.MeanNegativeLogLikelihood, rate = result.Windows * (double)result.WindowTokens / seconds;
        string perplexity = $"{Numbers.Fixed(result.Perplexity, 4)} +/- {Numbers.Fixed(result.StandardError, 4)}";
        return new Document(new Facts(null,
        [
            new("Model", "model", model),
            new("Text", "text", new Cell($"{file}, {Numbers.Whole(result.TextTokens)} tokens", file)),
            new(
                "Windows", "windows",
                new Cell($"{result.Windows} of {Numbers.Whole(result.WindowTokens)} tokens, {counted}", result.Windows)),
            new("Method", "method", method == PerplexityMethod.SecondHalf ? "llama.cpp" : "all") { Audience = Audience.Machines },
            new("Window", "window_tokens", result.WindowTokens) { Audience = Audience.Machines },
            new("Scored", "scored_tokens", new Cell($"{Numbers.Whole(result.ScoredTokens)} tokens", result.ScoredTokens)),
            new("Mean NLL", "mean_nll_nats", Cell.Number(loss, Numbers.Fixed(loss, 5) + " nats per token")),
            new("Perplexity", "perplexity", Cell.Number(result.Perplexity, perplexity) with { Tone = Tone.Strong }),
            new("Standard error", "perplexity_standard_error", Cell.Number(result.StandardError)) { Audience = Audience.Machines },
            new("Time", "seconds", Cell.Number(seconds, $"{Numbers.Short(seconds)} s, {Numbers.Short(rate)} tokens/s")),
        ]));
    }
}
