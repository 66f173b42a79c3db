using System.CommandLine;
using System.Diagnostics;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Models;
using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.Core.Gguf;
using Inferometer.ModelFiles.Conversion;
using Inferometer.Reports.Documents;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer convert</c>: a GGUF file in another number format.</summary>
internal static class ConvertCommand
{
    private const int NotesShown = 4;

    public static Command Create(Printer printer)
    {
        Argument<string> model = ModelArgument.Required();
        Option<string> output = new("--output", "-o") { HelpName = "FILE", Description = "The new .gguf file; an older one is replaced.", Required = true };
        Option<string> type = new("--type") { HelpName = "TYPE", Description = "Number format: f32, f16, bf16, q8_0, q4_0, q4_1, q5_0, q5_1, q4_k, q5_k or q6_k.", Required = true };
        Option<bool> notes = new("--notes") { Description = "Print every note, not the first few." };
        ExampleCommand command = new(
            "convert",
            "Writes a model as a GGUF file in a number format of your choice, from a Hugging Face folder or another GGUF file.",
            "inferometer convert ./llama-3.2-1b -o llama-3.2-1b-q8_0.gguf --type q8_0",
            "inferometer convert ./model-f16.gguf -o model-q4_k.gguf --type q4_k")
        {
            model, output, type, notes,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            GgmlType chosen = ModelConverter.ParseType(parsed.GetValue(type)!);
            using ModelLocation source = ModelLocation.Resolve(parsed.GetValue(model));
            string target = parsed.GetValue(output)!;
            long before = ModelFileContents.Read(source).FileBytes;
            using Interrupt interrupt = new(cancellationToken);
            long start = Stopwatch.GetTimestamp();
            ConversionResult result;
            using (ShareProgress progress = new(printer, "converting " + source.Name))
            {
                result = ModelConverter.Convert(
                    source.Files, target, chosen, progress.From<ConversionProgress>(p => ((double)p.WrittenBytes / Math.Max(1, p.TotalBytes), p.TensorName)), interrupt.Token);
            }

            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            printer.Output.WriteLine(
                $"{target}: {result.TensorCount} tensors as {chosen}, {Numbers.Bytes(result.FileBytes)} from {Numbers.Bytes(before)}, in {Numbers.Short(seconds)} s");
            Explain(printer, result.Notes, parsed.GetValue(notes) ? int.MaxValue : NotesShown);
            return Task.FromResult(ExitCode.Success);
        });
        return command;
    }

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
