using System.CommandLine;
using System.Diagnostics;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Models;
using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Weights;
using Inferometer.Measurement.Evaluation;
using Inferometer.ModelFiles.Conversion;
using Inferometer.Reports.Documents;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer imatrix</c>: how much errors in a model's weights count.</summary>
internal static class ImatrixCommand
{
    public static Command Create(Printer printer)
    {
        PathArgument model = ModelArgument.Required();
        PathArgument file = new("FILE", PathUse.ReadFile, "A text in UTF-8 of the kind the model is for.", isOptional: false);
        PathOption output = new(
            ["--output", "-o"], PathUse.WriteFile, "The new file: .gguf, or .dat for llama.cpp's older format.")
        { Required = true };
        ValueOption<int> window = new(
            ["--ctx", "-c"], Domains.Whole(2, int.MaxValue, "TOKENS"), "Tokens per window.", "the model's longest context, at most 512");
        ValueOption<int> windows = new(["--windows"], Domains.Whole(1, int.MaxValue), "Most windows.", "all that the text fills");
        ValueOption<int> threads = EngineSettings.ThreadsOption();
        ExampleCommand command = new(
            "imatrix",
            "Runs a text through a model and writes how strongly each input of its weights is driven: an importance matrix for convert "
                + "--imatrix, as llama.cpp's.",
            "inferometer imatrix ./model-f16.gguf calibration.txt -o model.imatrix.gguf",
            "inferometer convert ./model-f16.gguf -o model-iq4_xs.gguf --type iq4_xs --imatrix model.imatrix.gguf")
        {
            model, file, output, window, windows, threads,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            using ModelLocation location = ModelLocation.Resolve(model.Of(parsed));
            string text = File.ReadAllText(file.Of(parsed)!), target = output.Of(parsed)!;
            using Interrupt interrupt = new(cancellationToken);
            LoadOptions options = new() { Threads = threads.Of(parsed) };
            using TransformerModel loaded = TransformerModel.Load(location.Files, options, null, interrupt.Token);
            long start = Stopwatch.GetTimestamp();
            ImportanceMatrix matrix;
            using (ShareProgress progress = new(printer, "imatrix"))
            {
                matrix = ImportanceCollector.Collect(
                    loaded, location.Files.Tokenizer, text, file.Of(parsed)!, window.Of(parsed), windows.Of(parsed),
                    progress.From<double>(share => (share, "")), interrupt.Token);
            }

            ImportanceFile.Write(matrix, target);
            printer.Output.WriteLine(
                $"{target}: {matrix.Entries.Count} weights over {matrix.Windows} windows of {matrix.WindowTokens} tokens, in "
                    + $"{Numbers.Short(Stopwatch.GetElapsedTime(start).TotalSeconds)} s");
            return Task.FromResult(ExitCode.Success);
        });
        return command;
    }
}
