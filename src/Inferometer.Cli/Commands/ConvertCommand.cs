using System.CommandLine;
using System.Diagnostics;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Models;
using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.ModelFiles.Conversion;
using Inferometer.Reports.Documents;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer convert</c>: a GGUF file in another number format.</summary>
internal static class ConvertCommand
{
    private const int NotesShown = 4;

    public static Command Create(Printer printer)
    {
        PathArgument model = ModelArgument.Required();
        PathOption output = new(["--output", "-o"], PathUse.WriteFile, "The new .gguf file; an older one is replaced.") { Required = true };
        ValueOption<string> type = new(
            ["--type"], ConversionTypes.Domain, "Number format, or mix of formats as llama.cpp's quantiser makes it.")
        { Required = true };
        FlagOption pure = new(["--pure"], "The format for all matrices, no mix.");
        PathOption imatrix = new(
            ["--imatrix"], PathUse.ReadFile, "An importance matrix: which errors count most; see the command imatrix.", "none");
        ValueOption<long> partSize = new(
            ["--split-max-size"], FileSizes.Domain, "Split the new file where its tensors are larger than this.", "one file");
        ValueOption<int> partTensors = new(
            ["--split-max-tensors"], Domains.Whole(1, int.MaxValue), "Split the new file where it has more tensors than this.", "one file");
        FlagOption notes = new(["--notes"], "Print every note, not the first few.");
        ExampleCommand command = new(
            "convert",
            "Writes a model as a GGUF file in a number format of your choice, from a Hugging Face folder or another GGUF file.",
            "inferometer convert ./llama-3.2-1b -o llama-3.2-1b-q8_0.gguf --type q8_0",
            "inferometer convert ./model-f16.gguf -o model-q4_k.gguf --type q4_k",
            "inferometer convert ./model-00001-of-00003.gguf -o model.gguf --type q8_0")
        {
            model, output, type, pure, imatrix, partSize, partTensors, notes,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            string chosen = type.Of(parsed);
            using ModelLocation source = ModelLocation.Resolve(model.Of(parsed));
            string target = output.Of(parsed)!;
            ConversionOptions options = ConversionTypes.Options(chosen, pure.Of(parsed)) with
            {
                Importance = imatrix.Of(parsed) is { } importances ? ImportanceFile.Read(importances) : null,
                MaxPartBytes = partSize.Of(parsed),
                MaxPartTensors = partTensors.Of(parsed),
            };
            long before = source.Files.StoredBytes;
            using Interrupt interrupt = new(cancellationToken);
            long start = Stopwatch.GetTimestamp();
            ConversionResult result;
            using (ShareProgress progress = new(printer, "converting " + source.Name))
            {
                result = ModelConverter.Convert(
                    source.Files, target, options,
                    progress.From<ConversionProgress>(p => ((double)p.WrittenBytes / Math.Max(1, p.TotalBytes), p.TensorName)),
                    interrupt.Token);
            }

            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            printer.Output.WriteLine(
                $"{Named(result.Files)}: {result.TensorCount} tensors as {options.Mix?.ToUpperInvariant() ?? options.Type.ToString()}, "
                    + $"{Numbers.Bytes(result.FileBytes)} from {Numbers.Bytes(before)}, "
                    + $"in {Numbers.Short(seconds)} s");
            Explain(printer, result.Notes, notes.Of(parsed) ? int.MaxValue : NotesShown);
            return Task.FromResult(ExitCode.Success);
        });
        return command;
    }

    private static string Named(IReadOnlyList<string> files) =>
        files.Count == 1 ? files[0] : $"{files[0]} to {Path.GetFileName(files[^1])}";

    private static void Explain(Printer printer, IReadOnlyCollection<string> notes, int most)
    {
        foreach (string note in notes.Take(most))
        {
            printer.Error.WriteLine("note: " + note);
        }

        if (notes.Count > most)
        {
            printer.Error.WriteLine($"note: and {notes.Count - most} more; --notes prints them all.");
        }
    }
}
