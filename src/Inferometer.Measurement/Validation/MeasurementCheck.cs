using System.Globalization;
using Inferometer.Core;

namespace Inferometer.Measurement.Validation;

/// <summary>
/// Tells measurements that cannot be from those that are merely far off. A thousand times too small or too large is a unit, not a surprise.
/// </summary>
public static class MeasurementCheck
{
    // Measured times per token lie within a factor of ten of a datasheet's prediction (published runs of seven frameworks and sixty
    // machines); a prompt may be cached or wait for minutes, and a whole request holds a prompt.
    private const double LeastShareOfStep = 1.0 / 20;
    private const double MostTimesOfStep = 200;
    private const double LeastShareOfPrompt = 1.0 / 100;

    /// <summary>Checks what one row says against itself, against a prediction and against what is possible.</summary>
    /// <param name="where">What the error calls the row.</param>
    /// <param name="ttftMs">Measured time to first token, milliseconds; null = not measured.</param>
    /// <param name="tpotMs">Measured time per output token, milliseconds; null = not measured.</param>
    /// <param name="endToEndMs">Measured time of a whole request, milliseconds; null = not measured.</param>
    /// <param name="predictedTtftMs">Predicted time to first token; null = none.</param>
    /// <param name="predictedTpotMs">Predicted time per output token; null = none.</param>
    /// <param name="predictedEndToEndMs">Predicted time of a whole request; null = none.</param>
    /// <param name="least">What no measurement can be below; null = not known.</param>
    /// <exception cref="InferometerException">A value contradicts another one, its unit or the deployment.</exception>
    public static void Require(
        string where, double? ttftMs, double? tpotMs, double? endToEndMs, double? predictedTtftMs, double? predictedTpotMs,
        double? predictedEndToEndMs = null, LeastTimes? least = null)
    {
        RequirePositive(where, "TTFT", ttftMs);
        RequirePositive(where, "TPOT", tpotMs);
        RequirePositive(where, "E2E", endToEndMs);
        RequireWithin(where, "TTFT", ttftMs, endToEndMs);
        RequireWithin(where, "TPOT", tpotMs, endToEndMs);
        RequireUnit(where, "TPOT", tpotMs, predictedTpotMs, LeastShareOfStep, MostTimesOfStep);
        RequireUnit(where, "TTFT", ttftMs, predictedTtftMs, LeastShareOfPrompt, double.PositiveInfinity);
        RequireUnit(where, "E2E", endToEndMs, predictedEndToEndMs, LeastShareOfPrompt, double.PositiveInfinity);
        RequirePossible(where, "TPOT", tpotMs, least?.TpotMs);
        RequirePossible(where, "TTFT", ttftMs, least?.TtftMs);
        RequirePossible(where, "E2E", endToEndMs, least?.EndToEndMs);
    }

    private static void RequireUnit(string where, string metric, double? value, double? expected, double leastShare, double mostTimes)
    {
        if (value is { } ms && expected is { } predicted && (ms < leastShare * predicted || ms > mostTimes * predicted))
        {
            throw Unit(where, metric, ms, predicted, ms < predicted ? "seconds, not milliseconds" : "microseconds, not milliseconds");
        }
    }

    private static void RequirePossible(string where, string metric, double? value, double? least)
    {
        if (value < least)
        {
            throw new InferometerException(string.Create(
                CultureInfo.InvariantCulture,
                $"{where}: {metric} is {value:G4} ms, but reading the weights once for every step takes {least:G4} ms at the peak of the "
                + $"datasheet; it must be another unit (milliseconds are expected) or another deployment than stated."));
        }
    }

    private static void RequirePositive(string where, string metric, double? value)
    {
        if (value is { } given && !(given > 0 && double.IsFinite(given)))
        {
            throw new InferometerException(string.Create(
                CultureInfo.InvariantCulture, $"{where}: {metric} is {given} ms; it must be above 0."));
        }
    }

    private static void RequireWithin(string where, string metric, double? part, double? whole)
    {
        if (part > whole)
        {
            throw new InferometerException(string.Create(
                CultureInfo.InvariantCulture, $"{where}: {metric} is {part} ms, more than the {whole} ms of the whole request (E2E)."));
        }
    }

    private static InferometerException Unit(string where, string metric, double value, double expected, string unit) => new(string.Create(
        CultureInfo.InvariantCulture,
        $"{where}: {metric} is {value:G4} ms where {expected:G4} ms are predicted; so far apart it must be another unit ({unit}) "
        + $"or another deployment."));
}
