using Inferometer.Core;

namespace Inferometer.Measurement.Explanation;

/// <summary>What somebody measured of a service; at least one of the times is there.</summary>
/// <param name="TtftMs">Mean time to first token, milliseconds; null = not measured.</param>
/// <param name="TpotMs">Mean time per output token after the first, milliseconds; null = not measured.</param>
/// <param name="EndToEndMs">Mean time of a whole request, milliseconds; null = not measured.</param>
public sealed record ObservedService(double? TtftMs, double? TpotMs, double? EndToEndMs)
{
    /// <summary>The same with the third time, where it follows from two.</summary>
    /// <param name="outputTokens">Mean output tokens of a request.</param>
    /// <exception cref="InferometerException">Nothing was measured.</exception>
    internal ObservedService Completed(double outputTokens)
    {
        double later = outputTokens - 1;
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
}
