using System.Globalization;
using Inferometer.Core;

namespace Inferometer.Serving.Arrivals;

/// <summary>How long a user takes from an answer to the next question.</summary>
/// <param name="MeanSeconds">On average; finite, at least 0.</param>
/// <param name="IsExponential">Exponentially distributed, as in models of interactive systems; otherwise always the same.</param>
public sealed record ThinkTime(double MeanSeconds, bool IsExponential = false)
{
    /// <summary>What <see cref="Parse"/> reads, as a placeholder.</summary>
    public const string Help = "SECONDS|exp:SECONDS";

    private const double MostSeconds = 1e6;

    /// <summary>None: the next question follows at once.</summary>
    public static ThinkTime None { get; } = new(0);

    /// <summary>Reads <c>5</c> (always five seconds) or <c>exp:5</c> (exponentially distributed with that mean).</summary>
    /// <exception cref="InferometerException">The text is malformed.</exception>
    public static ThinkTime Parse(string text, string origin = "think time")
    {
        ArgumentNullException.ThrowIfNull(text);
        bool exponential = text.StartsWith("exp:", StringComparison.Ordinal);
        return Figures.TryNumber(exponential ? text[4..] : text, out double seconds) && seconds is >= 0 and <= MostSeconds
            ? new ThinkTime(seconds, exponential)
            : throw new InferometerException(string.Create(
                CultureInfo.InvariantCulture,
                $"{origin}: '{Figures.Quoted(text)}' is not allowed; it must be {Help} with 0 to {MostSeconds} seconds."));
    }

    internal double Draw(SeededRandom random) => IsExponential ? MeanSeconds * random.Exponential() : MeanSeconds;
}
