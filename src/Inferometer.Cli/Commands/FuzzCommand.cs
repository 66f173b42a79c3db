using System.CommandLine;
using System.Diagnostics;
using Inferometer.Cli.Fuzzing;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.Core;
using Inferometer.History.Fuzzing;
using Inferometer.Inference.Chat.Fuzzing;
using Inferometer.Inference.Constraints.Fuzzing;
using Inferometer.Measurement.Fuzzing;
using Inferometer.ModelFiles.Fuzzing;
using Inferometer.Reports.Documents;
using Inferometer.Reports.Writers;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer fuzz</c>: feeds damaged inputs to all that reads what strangers write.</summary>
internal static class FuzzCommand
{
    public static Command Create(Printer printer)
    {
        CommandTargets commands = new();
        FuzzTarget[] all =
        [
            .. FormatTargets.All, .. ConstraintTargets.All, .. AnswerTargets.All, .. MeasurementTargets.All,
            .. HistoryTargets.All, .. commands.All,
        ];
        ValueOption<FuzzTarget[]> target = new(
            ["--target"], Domains.Word([.. all.Select(t => (t.Name, new[] { t })), ("all", all)]), "Reader to try.", "all")
        { Fallback = all };
        ValueOption<long> count = new(["--count"], Domains.Whole(1, long.MaxValue), "Damaged files per reader.") { Fallback = 1_000_000 };
        ValueOption<int> seed = new(["--seed"], Domains.Whole(0, int.MaxValue), "Equal seeds give equal files.") { Fallback = 1 };
        PathOption keep = new(["--keep"], PathUse.WriteFolder, "Store files that made a reader fail here.");
        ValueOption<OutputFormat> format = FormatOptions.Create();
        ExampleCommand command = new(
            "fuzz",
            "Feeds damaged model files to the readers: each must be taken or refused with one clear error. Exits with 1 where a reader "
                + "crashed, hung or took too much memory.",
            "inferometer fuzz --count 10000",
            "inferometer fuzz --target gguf --count 1000000 --seed 7 --keep ./failures")
        {
            target, count, seed, keep, format,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            using Interrupt interrupt = new(cancellationToken);
            using CommandTargets loaded = commands;
            FuzzTarget[] targets = target.Of(parsed);
            long tries = count.Of(parsed);
            FuzzReport[] reports = new FuzzReport[targets.Length];
            long start = Stopwatch.GetTimestamp();
            ParallelOptions stoppable = new() { CancellationToken = interrupt.Token };
            Parallel.For(
                0, targets.Length, stoppable, i => reports[i] = new FormatFuzzer(targets[i], seed.Of(parsed)).Run(tries, interrupt.Token));
            printer.Print(new Document(TableOf(reports), Time(Stopwatch.GetElapsedTime(start).TotalSeconds)), format.Of(parsed));
            Judge(reports, keep.Of(parsed));
            return Task.FromResult(ExitCode.Success);
        });
        return command;
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
            table.Add(
                r.TargetName, r.Tried, r.Accepted, r.Tried - r.Accepted - r.Failures.Count, failures,
                Cell.Number(r.LargestAllocationBytes, Numbers.Bytes(r.LargestAllocationBytes)));
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
                File.WriteAllBytes(
                    Path.Combine(folder, FormattableString.Invariant($"{failures[i].Target}-{i}.bin")), failures[i].Failure.Input);
            }
        }

        throw new InferometerException(
            $"{failures.Length} inputs made a reader fail; the first: {failures[0].Target}: {failures[0].Failure.Fault}");
    }
}
