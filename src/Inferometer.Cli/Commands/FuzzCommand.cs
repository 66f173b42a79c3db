using System.CommandLine;
using System.Diagnostics;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Output;
using Inferometer.Core;
using Inferometer.ModelFiles.Fuzzing;
using Inferometer.Reports.Documents;
using Inferometer.Reports.Writers;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer fuzz</c>: feeds damaged files to the readers of model files.</summary>
internal static class FuzzCommand
{
    public static Command Create(Printer printer)
    {
        string[] names = [.. FuzzTarget.All.Select(t => t.Name)];
        Option<string> target = new("--target") { HelpName = string.Join('|', names.Append("all")), Description = "Reader to try.", DefaultValueFactory = _ => "all" };
        Option<long> count = new("--count") { HelpName = "N", Description = "Damaged files per reader.", DefaultValueFactory = _ => 1_000_000 };
        Option<int> seed = new("--seed") { HelpName = "N", Description = "Equal seeds give equal files.", DefaultValueFactory = _ => 1 };
        Option<string> keep = new("--keep") { HelpName = "FOLDER", Description = "Store files that made a reader fail here." };
        Option<OutputFormat> format = Printer.FormatOption();
        ExampleCommand command = new(
            "fuzz",
            "Feeds damaged model files to the readers: each must be taken or refused with one clear error. Exits with 1 where a reader crashed, hung or took too much memory.",
            "inferometer fuzz --count 10000",
            "inferometer fuzz --target gguf --count 1000000 --seed 7 --keep ./failures")
        {
            target, count, seed, keep, format,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            using Interrupt interrupt = new(cancellationToken);
            FuzzTarget[] targets = Targets(parsed.GetValue(target)!, names);
            long tries = parsed.GetValue(count) is > 0 and var n ? n : throw new UsageException($"--count: {parsed.GetValue(count)} is not allowed; it must be 1 or more.");
            FuzzReport[] reports = new FuzzReport[targets.Length];
            long start = Stopwatch.GetTimestamp();
            ParallelOptions stoppable = new() { CancellationToken = interrupt.Token };
            Parallel.For(0, targets.Length, stoppable, i => reports[i] = new FormatFuzzer(targets[i], parsed.GetValue(seed)).Run(tries, interrupt.Token));
            printer.Print(new Document(TableOf(reports), Time(Stopwatch.GetElapsedTime(start).TotalSeconds)), parsed.GetValue(format));
            Judge(reports, parsed.GetValue(keep));
            return Task.FromResult(ExitCode.Success);
        });
        return command;
    }

    private static FuzzTarget[] Targets(string name, string[] names)
    {
        FuzzTarget[] chosen = [.. FuzzTarget.All.Where(t => name is "all" || string.Equals(t.Name, name, StringComparison.OrdinalIgnoreCase))];
        return chosen.Length > 0
            ? chosen
            : throw new UsageException($"--target: '{name}' is not allowed; it must be one of {string.Join(", ", names)} or all.{NameSuggestion.For(name, names)}");
    }

    private static Table TableOf(FuzzReport[] reports)
    {
        Table table = new(
            "targets",
            null,
            Column.Text("reader", "target"),
            Column.Number("tried", "tried"),
            Column.Number("taken", "accepted"),
            Column.Number("refused", "refused"),
            Column.Number("failures", "failures"),
            Column.Number("largest allocation", "largest_allocation_bytes"));
        foreach (FuzzReport r in reports)
        {
            Cell failures = new(Numbers.Whole(r.Failures.Count), r.Failures.Count) { Tone = r.Failures.Count == 0 ? Tone.Good : Tone.Bad };
            table.Add(r.TargetName, r.Tried, r.Accepted, r.Tried - r.Accepted - r.Failures.Count, failures, Cell.Number(r.LargestAllocationBytes, Numbers.Bytes(r.LargestAllocationBytes)));
        }

        return table;
    }

    private static Facts Time(double seconds) => new(null, [new("Time", "seconds", Cell.Number(seconds, Numbers.Short(seconds) + " s"))]);

    private static void Judge(FuzzReport[] reports, string? folder)
    {
        (string Target, FuzzFailure Failure)[] failures = [.. reports.SelectMany(r => r.Failures.Select(f => (r.TargetName, f)))];
        if (failures.Length == 0)
        {
            return;
        }

        if (folder is not null)
        {
            Directory.CreateDirectory(folder);
            for (int i = 0; i < failures.Length; i++)
            {
                File.WriteAllBytes(Path.Combine(folder, FormattableString.Invariant($"{failures[i].Target}-{i}.bin")), failures[i].Failure.Input);
            }
        }

        throw new InferometerException($"{failures.Length} inputs made a reader fail; the first: {failures[0].Target}: {failures[0].Failure.Fault}");
    }
}
