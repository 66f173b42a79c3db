using System.Globalization;
using Inferometer.Reports.Documents;
using Inferometer.Simulation.Calibration;
using Inferometer.Simulation.ClosedLoop;
using Inferometer.Simulation.Fitting;

namespace Inferometer.Reports.Fitting;

/// <summary>What a user's calibration changed, and which runs would teach it most.</summary>
public static class CalibrationPage
{
    private const int NextRuns = 2;
    private static readonly int[] Users = [1, 4, 16, 64, 256];
    private static readonly (int Input, int Output)[] Lengths = [(512, 512), (1024, 128), (8192, 512)];

    /// <summary>The page.</summary>
    /// <param name="result">The calibration.</param>
    /// <param name="below">The calibration that it corrects.</param>
    /// <param name="leftOut">Rows that were not used, with the reason.</param>
    /// <param name="written">File that the calibration was written to; null = none.</param>
    public static Document Of(
        UserCalibrationResult result, CalibrationSet below, IReadOnlyList<string> leftOut, string? written = null)
    {
        ArgumentNullException.ThrowIfNull(result);
        ArgumentNullException.ThrowIfNull(below);
        ArgumentNullException.ThrowIfNull(leftOut);
        Document page = new();
        if (result.Runs.Count > 0)
        {
            page.Blocks.Add(RunsOf(result));
        }

        if (result.Rates.Count > 0)
        {
            page.Blocks.Add(RatesOf(result.Rates));
        }

        page.Blocks.Add(new Sentences("next", "What to measure next", result.Runs.Count > 0
            ? [.. Next(result.Runs, below)]
            : [NextOfRates(result.Rates)]));
        if (result.Runs.Any(r => !r.Run.IsWarm))
        {
            page.Blocks.Add(new Sentences("load", "What the predicted times are of", [Load]));
        }

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

    private const string Load =
        "a benchmark: all users begin at once, each asks ten times, lengths vary by a fifth, every request counts; simulate asks for "
            + "much the same with --ramp 0 --warm-up 0, ten requests a user and such lengths. By themselves simulate, explain and "
            + "estimate look at a service that has run for a while, whose times to first token are shorter";

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

    /// <summary>Steps of an engine by itself, without and with a calibration.</summary>
    internal static Table RatesOf(IReadOnlyList<CalibratedRate> rates)
    {
        Table table = new(
            "rates", "Steps, ms, and predicted without and with this calibration", Column.Text("run", "id") with { IsRowName = true },
            Column.Text("reads", "kind"), Column.Number("sequences", "sequences"), Column.Number("tokens", "tokens"),
            Column.Number("after", "depth_tokens"), Column.Number("measured", "step_ms"), Column.Number("without", "step_before_ms"),
            Column.Number("with", "step_after_ms"), Column.Number("error", "relative_error_after"));
        foreach (CalibratedRate r in rates)
        {
            double error = (r.AfterSeconds / r.Rate.StepSeconds) - 1;
            table.Add(
                r.Rate.Id, r.Rate.IsPrompt ? "prompt" : "generation", r.Rate.Sequences, r.Rate.Tokens, r.Rate.DepthTokens,
                Ms(r.Rate.StepSeconds), Ms(r.BeforeSeconds), Ms(r.AfterSeconds),
                Cell.Number(error, (100 * error).ToString("+0;-0;0", CultureInfo.InvariantCulture) + " %"));
        }

        return table;
    }

    private static string NextOfRates(IReadOnlyList<CalibratedRate> rates) =>
        rates.All(r => r.Rate.IsPrompt) ? "generation (llama-bench -n 128): how fast weights are read"
        : rates.All(r => !r.Rate.IsPrompt) ? "a prompt (llama-bench -p 512): how fast products are"
        : rates.All(r => r.Rate.DepthTokens == 0) ? "both at a depth (llama-bench -d 4096): what a long context costs"
        : "a service with users (llama-server and a serving benchmark): how requests queue and stall each other";

    private static Cell Ms(double? seconds) => Cell.Number(seconds * 1000);

    // The runs after which predictions of all of these are most certain.
    private static IEnumerable<string> Next(IReadOnlyList<CalibratedRun> runs, CalibrationSet below)
    {
        ServingRun[] measured = [.. runs.Select(r => r.Run)];
        ServingRun like = measured[0];
        ServingRun[] candidates =
        [
            .. from users in Users
               from lengths in Lengths
               let load = new ClosedLoopLoad(users, lengths.Input, lengths.Output)
               where lengths.Input + lengths.Output <= like.Request.Architecture.MaxContextTokens
               select like with { Load = load, TimePerOutputTokenSeconds = null, TimeToFirstTokenSeconds = null },
        ];
        if (candidates.Length == 0)
        {
            yield return "nothing: the model's context is shorter than any load that is considered";
            yield break;
        }

        yield return Said("with these runs", measured);
        foreach (int next in CalibrationDesign.Choose(below, candidates, measured, NextRuns))
        {
            ClosedLoopLoad load = candidates[next].Load;
            measured = [.. measured, candidates[next]];
            string run = load.Users == 1 ? "1 user" : Text($"{load.Users} users");
            yield return Said(Text($"and with {run}, {load.InputTokens} in, {load.OutputTokens} out"), measured);
        }

        string Said(string what, ServingRun[] known)
        {
            (double token, double first) = CalibrationDesign.Uncertainty(below, candidates, known);
            return Text($"{what}: two in three predictions within {100 * token:0} % (TPOT) and {100 * first:0} % (TTFT), as far as such ")
                + "runs can tell";
        }
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
