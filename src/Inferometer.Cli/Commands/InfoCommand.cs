using System.CommandLine;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Models;
using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.Inference.Engine;
using Inferometer.Measurement.Models;
using Inferometer.Reports.Models;
using Inferometer.Reports.Writers;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer info</c>: what a model's files hold.</summary>
internal static class InfoCommand
{
    public static Command Create(Printer printer)
    {
        PathArgument model = ModelArgument.OrBundled();
        ValueOption<OutputFormat> format = FormatOptions.Create();
        ExampleCommand command = new(
            "info",
            "Shows what a model's files hold, without loading them: architecture, exact parameters, storage formats, tokenizer, memory "
                + "at several contexts.",
            "inferometer info",
            "inferometer info ./qwen3-0.6b-q8_0.gguf",
            "inferometer info ./llama-3.2-1b --format json")
        {
            model, format,
        };
        command.SetAction(parsed =>
        {
            using ModelLocation location = ModelLocation.Resolve(model.Of(parsed));
            string? refusal = InferenceEngine.Explain(location.Files, EngineSettings.Alone);
            IReadOnlyList<string> notes = refusal is null ? location.Files.Notes : location.Files.SamplingDefaults.Notes;
            printer.Print(
                ModelFilePage.Of(StoredModel.Read(location.Files), () => location.Files.Tokenizer, refusal, notes), format.Of(parsed));
            return ExitCode.Success;
        });
        return command;
    }
}
