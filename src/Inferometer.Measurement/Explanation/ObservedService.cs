using Inferometer.Core;

namespace Inferometer.Measurement.Explanation;

/// <summary>What somebody measured of a service; at least one of the times is there.</summary>
/// <param name="TtftMs">Mean time to first token, milliseconds; null = not measured.</param>
/// <param name="TpotMs">Mean time per output token after the first, milliseconds; null = not measured.</param>
/// <param name="EndToEndMs">Mean time of a whole request, milliseconds; null = not measured.</param>
public sealed record ObservedService(double? TtftMs, double? TpotMs, double? EndToEndMs)
{
    private const double MostApart = 2;

    /// <summary>The same with the third time, where it follows from two.</summary>
    /// <param name="outputTokens">Mean output tokens of a request.</param>
    /// <exception cref="InferometerException">Nothing was measured, or the times cannot be of the same requests.</exception>
    internal ObservedService Completed(double outputTokens)
    {
        double later = outputTokens - 1;
        RequireAgreement(later);
        return this switch
        {
            { TtftMs: null, TpotMs: null, EndToEndMs: null } =>
                throw new InferometerException("nothing was measured: give a time to first token, per output token or of a whole request."),
            { TtftMs: { } ttft, TpotMs: { } tpot, EndToEndMs: null } => this with { EndToEndMs = ttft + (later * tpot) },
            { TtftMs: { } ttft, TpotMs: null, EndToEndMs: { } all } when later > 0 && all > ttft =>
                this with { TpotMs = (all - ttft) / later },
            { TtftMs: null, TpotMs: { } tpot, EndToEndMs: { } all } when all > later * tpot => this with { TtftMs = all - (later * tpot) },
            _ => this,
        };
    }

    /// <summary>Distance of a forecast, as <see cref="ServiceCause.Distance"/>.</summary>
    internal double DistanceOf(ServiceForecast forecast)
    {
        double sum = 0;
        int count = 0;
        Add(TtftMs, forecast.TtftMs);
        Add(TpotMs, forecast.TpotMs);
        if (count == 0)
        {
            Add(EndToEndMs, forecast.EndToEndMs);
        }

        return Math.Sqrt(sum / Math.Max(1, count));

        void Add(double? measured, double? predicted)
        {
            if (measured is { } m && predicted is { } p)
            {
                double ratio = Math.Log(p / m);
                sum += ratio * ratio;
                count++;
            }
        }
    }

    // Means of first tokens and of pauses weigh requests otherwise than those of whole ones do: only what is far apart is contradictory.
    private void RequireAgreement(double later)
    {
        double parts = (TtftMs ?? 0) + (later * (TpotMs ?? 0));
        bool isWhole = TtftMs is not null && TpotMs is not null;
        if (EndToEndMs is { } all && (parts > MostApart * all || (isWhole && all > MostApart * parts)))
        {
            throw new InferometerException(
                FormattableString.Invariant(
                    $"what was measured: {(TtftMs is { } ttft ? FormattableString.Invariant($"{ttft:N0} ms to the first token") : "")}")
                + (isWhole ? " and " : "")
                + (TpotMs is { } tpot ? FormattableString.Invariant($"{later:N0} times {tpot:0.###} ms per output token") : "")
                + FormattableString.Invariant($" make {parts:N0} ms, not {all:N0} ms for a whole request; ")
                + "they cannot be of the same requests.");
        }
    }
}
