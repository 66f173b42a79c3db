using System.CommandLine;
using Inferometer.Cli.Models;
using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.Compression;
using Inferometer.Compression.Profiles;
using Inferometer.Inference.Execution;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer compress build</c>: calibrates on a text and writes a profile.</summary>
internal static class CompressBuildCommand
{
    private const int CalibrationWindows = 16;
    private const int HoldOutWindows = 4;

    public static Command Create(Printer printer)
    {
        Argument<string> model = ModelArgument.Required();
        Option<string> calibration = new("--calibration") { HelpName = "TEXT", Description = "A text in UTF-8 like those the model will read.", Required = true };
        Option<string> holdOut = new("--holdout") { HelpName = "TEXT", Description = "Another text, on which losses are measured. [default: the last windows of the calibration text]" };
        Option<string> output = new("--output", "-o") { HelpName = "PROFILE", Description = "The profile. [default: beside the model, where --kv low, med and high look for it]" };
        Option<int> threads = EngineOptions.ThreadsOption();
        ExampleCommand command = new(
            "build",
            "Finds the ranks and bits that keep the bounds of low (5 % of perplexity), med (1 %) and high (0.1 %), by running the model.",
            "inferometer compress build ./model.gguf --calibration book.txt -o model.kvprofile")
        {
            model, calibration, holdOut, output, threads,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            ModelLocation location = ModelLocation.Resolve(parsed.GetValue(model));
            string target = parsed.GetValue(output) ?? KvCacheSetting.DefaultProfilePath(location.Path);
            using Interrupt interrupt = new(cancellationToken);
            using TransformerModel loaded = TransformerModel.Load(location.Path, new LoadOptions { Threads = EngineOptions.Threads(parsed, threads) }, null, interrupt.Token);
            (ProfileText first, ProfileText second) = Texts(new CompressionText(location, loaded), parsed.GetValue(calibration)!, parsed.GetValue(holdOut));
            CompressionProfile profile;
            using (ShareProgress progress = new(printer, "compressing"))
            {
                profile = new CompressionProfileBuilder(loaded).Build(first, second, progress.From<BuildProgress>(p => (p.Share, p.Stage)), interrupt.Token);
            }

            profile.Save(target);
            printer.Print(CompressInspectCommand.Summary(target, profile), OutputFormat.Table);
            return Task.FromResult(ExitCode.Success);
        });
        return command;
    }

    private static (ProfileText Calibration, ProfileText HoldOut) Texts(CompressionText texts, string calibration, string? holdOut)
    {
        IReadOnlyList<int[]> windows = texts.Windows(calibration, CalibrationWindows + (holdOut is null ? HoldOutWindows : 0), holdOut is null ? 2 : 1);
        if (holdOut is not null)
        {
            return (new ProfileText(Path.GetFileName(calibration), windows), new ProfileText(Path.GetFileName(holdOut), texts.Windows(holdOut, HoldOutWindows, 1)));
        }

        // At most a quarter of a short text is held out, at least one window.
        int held = Math.Clamp(windows.Count / 4, 1, HoldOutWindows);
        string name = Path.GetFileName(calibration);
        return (new ProfileText(name, [.. windows.Take(windows.Count - held)]), new ProfileText($"{name}, last {held} windows", [.. windows.TakeLast(held)]));
    }
}
