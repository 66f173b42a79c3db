using System.CommandLine;
using System.Globalization;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Output;
using Inferometer.Reports.Compatibility;
using Inferometer.Reports.Writers;
using Inferometer.Simulation.Compatibility.Golden;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer selfcheck</c>: replays recorded cases of the reproduced simulators.</summary>
internal static class SelfcheckCommand
{
    private const double Tolerance = 1e-6;

    public static Command Create(Printer printer)
    {
        Option<string> golden = new("--golden") { HelpName = "FILE", Description = "Recorded cases, one JSON object per line.", Required = true };
        Option<string> operators = new("--operators") { HelpName = "FILE", Description = "Recorded operators of the same cases, one JSON object per line." };
        Option<OutputFormat> format = Printer.FormatOption();
        ExampleCommand command = new(
            "selfcheck",
            "Replays recorded cases of the simulators that the cost models genz and bud reproduce, and prints the worst relative error per phase. Exits with 1 above 1e-6.",
            "inferometer selfcheck --golden golden.jsonl")
        {
            golden, operators, format,
        };
        command.SetAction(parsed =>
        {
            string[] rows = parsed.GetValue(operators) is { } file ? File.ReadAllLines(file) : [];
            IReadOnlyList<GoldenOutcome> outcomes = GoldenReplay.Run(File.ReadLines(parsed.GetValue(golden)!), rows);
            if (outcomes.Count == 0)
            {
                throw new Core.InferometerException($"--golden: {parsed.GetValue(golden)} holds no case.");
            }

            printer.Print(GoldenPage.Of(GoldenSummary.Of(outcomes)), parsed.GetValue(format));
            GoldenOutcome[] wrong = [.. outcomes.Where(o => o.Verdict != GoldenVerdict.Unsupported && !(o.WorstRelativeError <= Tolerance)).OrderByDescending(o => o.WorstRelativeError)];
            if (wrong.Length > 0)
            {
                throw new Core.InferometerException(string.Create(
                    CultureInfo.InvariantCulture, $"{wrong.Length} of {outcomes.Count} cases differ by more than {Tolerance:0e+0}; the worst is {wrong[0].Id}, {wrong[0].WorstField}."));
            }

            return ExitCode.Success;
        });
        return command;
    }
}
