using System.Globalization;
using Inferometer.Reports.Documents;
using Inferometer.Simulation.ClosedLoop;
using Inferometer.Simulation.Fitting;

namespace Inferometer.Reports.Fitting;

/// <summary>What a user's calibration changed, and which runs would teach it most.</summary>
public static class CalibrationPage
{
    private const int FewUsers = 4;
    private const int ManyUsers = 32;
    private const int LongInput = 4096;

    /// <summary>The page.</summary>
    /// <param name="result">The calibration.</param>
    /// <param name="leftOut">Rows that were not used, with the reason.</param>
    /// <param name="written">File that the calibration was written to; null = none.</param>
    public static Document Of(UserCalibrationResult result, IReadOnlyList<string> leftOut, string? written = null)
    {
        ArgumentNullException.ThrowIfNull(result);
        ArgumentNullException.ThrowIfNull(leftOut);
        Document page = new(RunsOf(result));
        page.Blocks.Add(new Sentences("next", "What to measure next", [.. Next([.. result.Runs.Select(r => r.Run.Load)])]));
        if (written is not null)
        {
            page.Blocks.Add(new Facts(null, [new("Written to", "written", written)]));
        }

        if (leftOut.Count > 0)
        {
            page.Blocks.Add(new Sentences("left_out", "Rows left out", leftOut));
        }

        return page;
    }

    private static Table RunsOf(UserCalibrationResult result)
    {
        Table table = new(
            "runs",
            "Measured, ms, and predicted without and with this calibration",
            Column.Text("run", "id") with { IsRowName = true },
            Column.Number("users", "users"),
            Column.Number("in", "input_tokens"),
            Column.Number("out", "output_tokens"),
            Column.Number("TPOT", "tpot_ms"),
            Column.Number("without", "tpot_before_ms"),
            Column.Number("with", "tpot_after_ms"),
            Column.Number("TTFT", "ttft_ms"),
            Column.Number("without", "ttft_before_ms"),
            Column.Number("with", "ttft_after_ms"));
        foreach (CalibratedRun r in result.Runs)
        {
            table.Add(
                r.Run.Id, r.Run.Load.Users, r.Run.Load.InputTokens, r.Run.Load.OutputTokens, Ms(r.Run.TimePerOutputTokenSeconds),
                Ms(r.Before.TimePerOutputTokenSeconds), Ms(r.After.TimePerOutputTokenSeconds), Ms(r.Run.TimeToFirstTokenSeconds),
                Ms(r.Before.TimeToFirstTokenSeconds), Ms(r.After.TimeToFirstTokenSeconds));
        }

        return table;
    }

    private static Cell Ms(double? seconds) => Cell.Number(seconds * 1000);

    // The corners that tell coefficients apart: launches and bandwidth (one user), work per sequence (many), prompts (long ones).
    private static IEnumerable<string> Next(IReadOnlyList<ClosedLoopLoad> loads)
    {
        int most = loads.Max(l => l.Users);
        List<string> next = [];
        if (loads.All(l => l.Users > FewUsers || l.InputTokens > LongInput / 2))
        {
            next.Add("one user with a short prompt (1 user, 512 in, 512 out): how fast kernels start and weights are read");
        }

        if (loads.All(l => l.Users < ManyUsers || l.InputTokens > LongInput / 2))
        {
            next.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"as many users as you will have, with short prompts ({Math.Max(ManyUsers, most)} users, 512 in, 512 out): ")
                + "what each sequence adds");
        }

        if (loads.All(l => l.InputTokens < LongInput || l.Users <= 1))
        {
            next.Add("some users with long prompts (8 users, 8192 in, 512 out): what prompts cost and how they stall and queue");
        }

        return next.Count > 0 ? next : ["nothing in particular: few and many users, short and long prompts are there"];
    }
}
