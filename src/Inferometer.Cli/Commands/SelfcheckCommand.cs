using System.CommandLine;
using System.Globalization;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.Reports.Compatibility;
using Inferometer.Reports.Writers;
using Inferometer.Simulation.Compatibility.Golden;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer selfcheck</c>: replays recorded cases of the reproduced simulators.</summary>
internal static class SelfcheckCommand
{
    private const double Tolerance = 1e-6;

    private static string BundledCases => Path.Combine(AppContext.BaseDirectory, "selfcheck", "golden.jsonl");

    public static Command Create(Printer printer)
    {
        PathOption golden = new(
            ["--golden"], PathUse.ReadFile, "Recorded cases, one JSON object per line.", "those that come with the program");
        PathOption operators = new(["--operators"], PathUse.ReadFile, "Recorded operators of the same cases, one JSON object per line.");
        ValueOption<OutputFormat> format = FormatOptions.Create();
        ExampleCommand command = new(
            "selfcheck",
            "Replays recorded cases of the simulators that the cost models genz and bud reproduce, and prints the worst relative error "
                + "per phase. Exits with 1 above 1e-6.",
            "inferometer selfcheck",
            "inferometer selfcheck --golden golden.jsonl")
        {
            golden, operators, format,
        };
        command.SetAction(parsed =>
        {
            string[] rows = operators.Of(parsed) is { } file ? File.ReadAllLines(file) : [];
            string cases = golden.Of(parsed) ?? BundledCases;
            IReadOnlyList<GoldenOutcome> outcomes = GoldenReplay.Run(File.ReadLines(cases), rows);
            if (outcomes.Count == 0)
            {
                throw new Core.InferometerException($"--golden: {cases} holds no case.");
            }

            printer.Print(GoldenPage.Of(GoldenSummary.Of(outcomes)), format.Of(parsed));
            GoldenOutcome[] wrong =
                [.. outcomes.Where(o => o.Verdict != GoldenVerdict.Unsupported && !(o.WorstRelativeError <= Tolerance)).OrderByDescending(
                    o => o.WorstRelativeError)];
            if (wrong.Length > 0)
            {
                throw new Core.InferometerException(string.Create(
                    CultureInfo.InvariantCulture,
                        $"{wrong.Length} of {outcomes.Count} cases differ by more than {Tolerance:0e+0}; the worst is {wrong[0].Id}, "
                            + $"{wrong[0].WorstField}."));
            }

            return ExitCode.Success;
        });
        return command;
    }
}
