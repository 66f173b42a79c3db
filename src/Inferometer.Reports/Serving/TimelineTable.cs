using Inferometer.Reports.Documents;
using Inferometer.Scheduling;
using Inferometer.Serving;

namespace Inferometer.Reports.Serving;

/// <summary>What became of each request, one row each in order of arrival; seconds on the service's clock.</summary>
public static class TimelineTable
{
    /// <summary>The table.</summary>
    /// <param name="outcomes">Requests in order of arrival.</param>
    public static Table Of(IReadOnlyList<RequestOutcome> outcomes)
    {
        ArgumentNullException.ThrowIfNull(outcomes);
        Table table = new(
            "requests",
            null,
            Column.Number("request", "request"),
            Column.Number("arrival s", "arrival_s"),
            Column.Number("admitted s", "admitted_s"),
            Column.Number("first token s", "first_token_s"),
            Column.Number("last token s", "last_token_s"),
            Column.Number("input", "input_tokens"),
            Column.Number("cached", "cached_tokens"),
            Column.Number("output", "output_tokens"),
            Column.Number("TTFT ms", "ttft_ms"),
            Column.Number("TPOT ms", "tpot_ms"),
            Column.Number("longest gap ms", "max_itl_ms"),
            Column.Number("E2E ms", "e2el_ms"),
            Column.Number("preemptions", "preemptions"),
            Column.Number("replica", "replica"),
            Column.Text("end", "finish_reason"));
        for (int i = 0; i < outcomes.Count; i++)
        {
            RequestOutcome o = outcomes[i];
            double perToken = o.OutputTokens < 2 ? double.NaN : (o.LastTokenSeconds - o.FirstTokenSeconds) / (o.OutputTokens - 1);
            table.Add(
                i,
                Cell.Number(o.ArrivalSeconds),
                Cell.Number(o.AdmittedSeconds),
                Cell.Number(o.FirstTokenSeconds),
                Cell.Number(o.LastTokenSeconds),
                o.PromptTokens,
                o.CachedTokens,
                o.OutputTokens,
                Cell.Number((o.FirstTokenSeconds - o.ArrivalSeconds) * 1000),
                Cell.Number(perToken * 1000),
                Cell.Number(o.LongestGapSeconds * 1000),
                Cell.Number((o.LastTokenSeconds - o.ArrivalSeconds) * 1000),
                o.Preemptions,
                o.Replica,
                o.FinishReason == FinishReason.None ? "refused" : o.FinishReason.ToString().ToLowerInvariant());
        }

        return table;
    }
}
