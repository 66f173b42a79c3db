using System.CommandLine;
using System.Diagnostics;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Models;
using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.Compression;
using Inferometer.Compression.Configuration;
using Inferometer.Compression.Profiles;
using Inferometer.Core;
using Inferometer.Cpu.Execution;
using Inferometer.Measurement.Evaluation;
using Inferometer.Reports.Compression;
using Inferometer.Reports.Documents;
using Inferometer.Reports.Writers;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer compress build</c>: calibrates a profile on a text and measures what it costs.</summary>
internal sealed class CompressBuildCommand
{
    private const int DefaultWindows = 8;
    private const int HoldOutWindows = 4;

    private readonly PathOption _calibration = new(
        ["--calibration"], PathUse.ReadFile, "Text the profile is calibrated on, UTF-8.")
    { Required = true };

    private readonly PathOption _holdOut = new(
        ["--hold-out"],
        PathUse.ReadFile,
        "Text the losses are measured on.",
        "the end of the calibration text, which is then not calibrated on");

    private readonly PathOption _output = new(
        ["--output", "-o"], PathUse.WriteFile, "The profile.", "beside the model, where --kv low, med and high look for it");

    private readonly ValueOption<int> _windows =
        new(["--windows"], Domains.Whole(1, int.MaxValue), "Windows of text to calibrate on.") { Fallback = DefaultWindows };
    private readonly ValueOption<int> _windowTokens = new(
        ["--window-tokens"], Domains.Whole(32, int.MaxValue), "Tokens of a window.", "the model's longest context, at most 1024");

    private readonly CompressionSettings _settings = new(SettingNames.HeadGroupSize, SettingNames.MemoryCleanupThreshold);
    private readonly ValueOption<OutputFormat> _format = FormatOptions.Create();
    private readonly Printer _printer;

    private CompressBuildCommand(Printer printer) => _printer = printer;

    public static Command Create(Printer printer)
    {
        CompressBuildCommand self = new(printer);
        ExampleCommand command = new(
            "build",
            "Calibrates a compression profile for a model on a text and finds the ranks and bits of its levels: low, med and high raise "
                + "the perplexity of a hold-out text by at most 5 %, 1 % and 0.1 %, and diverge from the exact cache by no more than "
                + "that in nats.",
            "inferometer compress build ./model.gguf --calibration book.txt",
            "inferometer compress build ./model.gguf --calibration book.txt --hold-out other.txt -o model.kvprofile")
        {
            self._calibration, self._holdOut, self._output, self._windows, self._windowTokens, self._format,
        };
        self._settings.AddTo(command);
        command.SetAction(self.Run);
        return command;
    }

    private Task<int> Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        (ModelLocation location, ModelConfig modelConfig, CompressionConfig config) = _settings.Read(parsed);
        _settings.RequireHeads(parsed, location, config);
        string output = _output.Of(parsed) ?? KvCacheSetting.DefaultProfilePath(location.Path);
        int windows = _windows.Of(parsed);
        using Interrupt interrupt = new(cancellationToken);
        using TransformerModel model = modelConfig.Load(location.Files.Share(), interrupt.Token);
        (ProfileText calibration, ProfileText holdOut) = Texts(parsed, location, model, windows);
        long start = Stopwatch.GetTimestamp();
        CompressionProfile profile;
        using (ShareProgress progress = new(_printer, "compress build"))
        {
            profile = new CalibratedProfileBuilder(model, config.HeadGroupSize, config.CreateMemoryManager())
                .Build(calibration, holdOut, progress.From<BuildProgress>(p => (p.Share, p.Stage)), interrupt.Token);
        }

        profile.Save(output);
        Document page = ProfilePage.Of(profile, output);
        page.Blocks.Add(
            new Facts(
                null, [new(
                    "Built in", "build_seconds",
                    Cell.Number(
                        Stopwatch.GetElapsedTime(start).TotalSeconds,
                        Numbers.Short(Stopwatch.GetElapsedTime(start).TotalSeconds) + " s"))]));
        _printer.Print(page, _format.Of(parsed));
        return Task.FromResult(ExitCode.Success);
    }

    private (ProfileText Calibration, ProfileText HoldOut) Texts(
        ParseResult parsed, ModelLocation location, TransformerModel model, int windows)
    {
        int windowTokens = _windowTokens.Of(parsed);
        CalibrationText text = CalibrationText.Read(_calibration.Of(parsed)!, location.Files.Tokenizer, model, windowTokens);
        if (_holdOut.Of(parsed) is { } file)
        {
            CalibrationText held = CalibrationText.Read(file, location.Files.Tokenizer, model, windowTokens);
            return (new ProfileText(text.File, text.Windows(Math.Min(windows, text.Available))),
                new ProfileText(held.File, held.Windows(Math.Min(HoldOutWindows, held.Available))));
        }

        if (text.Available < 2)
        {
            throw new InferometerException(
                $"{text.File}: fills {text.Available} window of {text.WindowTokens} tokens; without --hold-out at least 2 are needed, "
                    + $"one of them to measure on.");
        }

        int held0 = Math.Min(HoldOutWindows, text.Available / 2);
        int used = Math.Min(windows, text.Available - held0);
        return (new ProfileText(text.File, text.Windows(used)),
            new ProfileText(
                $"{text.File}, its last {(held0 == 1 ? "window" : $"{held0} windows")}", text.Windows(held0, text.Available - held0)));
    }
}
