using System.Globalization;
using Inferometer.History.Comparison;
using Inferometer.History.Records;
using Inferometer.Reports.Documents;

namespace Inferometer.Reports.Runs;

/// <summary>Two configurations run by turns.</summary>
public static class PairedPage
{
    /// <summary>The page.</summary>
    /// <param name="a">The first, in words.</param>
    /// <param name="b">The second, in words.</param>
    /// <param name="figure">The figure that was looked at.</param>
    /// <param name="rounds">Its values in every round.</param>
    /// <param name="paired">The same as a test.</param>
    /// <param name="outcome">What was decided.</param>
    public static Document Of(
        string a, string b, RunMetric figure, IReadOnlyList<(double A, double B)> rounds, PairedRounds paired, PairedOutcome outcome)
    {
        ArgumentNullException.ThrowIfNull(figure);
        ArgumentNullException.ThrowIfNull(rounds);
        ArgumentNullException.ThrowIfNull(paired);
        Table table = new(
            "rounds", "Rounds", Column.Number("round", "round"), Column.Number("A", "a"), Column.Number("B", "b"),
                Column.Number("B/A - 1", "relative"));
        for (int i = 0; i < rounds.Count; i++)
        {
            (double first, double second) = rounds[i];
            table.Add(i + 1, Cell.Number(first), Cell.Number(second), Cell.Number((second / first) - 1, Signed((second / first) - 1)));
        }

        string between = paired.Interval is { } range ? $", at 95 % between {Signed(range.Low)} and {Signed(range.High)}" : "";
        return new Document(
            new Facts(
                null,
                [
                    new("A", "a", a), new("B", "b", b), new("Figure", "metric", new Cell($"{figure.Key}, {figure.Unit}", figure.Key)),
                    new("Verdict", "verdict",
                        new Cell(Words(figure, paired, outcome), Word(figure, paired, outcome)) { Tone = Tone.Strong }),
                    new("B/A - 1", "relative", Cell.Number(paired.Relative, Signed(paired.Relative) + between)),
                    new("p", "p", Cell.Number(paired.P)),
                    new("From", "relative_low", Cell.Number(paired.Interval?.Low)) { Audience = Audience.Machines },
                    new("To", "relative_high", Cell.Number(paired.Interval?.High)) { Audience = Audience.Machines },
                ]),
            table);
    }

    private static string Word(RunMetric figure, PairedRounds paired, PairedOutcome outcome) => outcome switch
    {
        PairedOutcome.Differ => paired.Relative > 0 == figure.Better is Better.Higher ? "b" : "a",
        PairedOutcome.Alike => "alike",
        _ => "undecided",
    };

    private static string Words(RunMetric figure, PairedRounds paired, PairedOutcome outcome)
    {
        string rounds = string.Create(CultureInfo.InvariantCulture, $"after {paired.Count} rounds");
        return Word(figure, paired, outcome) switch
        {
            "a" => $"A is better, {rounds}",
            "b" => $"B is better, {rounds}",
            "alike" => $"they differ by no more than matters, {rounds}",
            _ => $"undecided {rounds}: the difference may be chance",
        };
    }

    private static string Signed(double share) => (share > 0 ? "+" : "") + Numbers.Percent(share);
}
