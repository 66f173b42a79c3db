using System.CommandLine;
using System.Globalization;
using Inferometer.Cli.Ablation;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Models;
using Inferometer.Cli.Output;
using Inferometer.Core.Deployments;
using Inferometer.Cpu.Kernels.Attention;
using Inferometer.Measurement.Ablation;
using Inferometer.Reports.Ablation;
using Inferometer.Reports.Writers;

namespace Inferometer.Cli.Commands;

/// <content><c>bench --ablate</c>: each optimisation of the engine off and on.</content>
internal sealed partial class BenchCommand
{
    private const int AblationPrompt = 128;
    private const int AblationGenerated = 32;
    private const int AblationRequests = 4;
    private const int AblationRounds = 3;

    private readonly Option<bool> _ablate = new("--ablate")
    {
        Description = "Instead: run one workload with each optimisation of the engine off and on, and set what was measured beside what the simulator predicts. -p, -n and -b take one number then. [default: -p 128 -n 32 -b 4 -r 3]",
    };

    private readonly Option<int?> _shared = new("--shared") { HelpName = "N", Description = "With --ablate: leading prompt tokens that all requests share. [default: three quarters of the prompt]" };

    // How the program calls itself: a process for each configuration and round.
    private readonly Option<string> _configuration = new("--configuration") { Hidden = true };

    private async Task<int> Ablate(ParseResult parsed, ModelLocation location, int repetitions, TimeSpan warmUp, CancellationToken cancellationToken)
    {
        AblationSettings settings = ReadAblation(parsed, location, repetitions, warmUp);
        using Interrupt interrupt = new(cancellationToken);
        if (parsed.GetValue(_configuration) is { } configuration)
        {
            WorkloadSample sample = await ConfigurationProcess.MeasureAsync(settings, OptimizationConfiguration.Parse(configuration), interrupt.Token).ConfigureAwait(false);
            _printer.Output.WriteLine(ConfigurationProcess.ToJson(sample));
            return ExitCode.Success;
        }

        AblationResult result;
        using (Progress progress = new(_printer, "runs", AblationRun.CountRuns(settings)))
        {
            result = await AblationRun.MeasureAsync(settings, Run, progress.Advance, interrupt.Token).ConfigureAwait(false);
        }

        OutputFormat format = parsed.GetValue(_output) ?? OutputFormat.Markdown;
        _printer.Print(new AblationReport(result).DocumentFor(format), format);
        return ExitCode.Success;

        Task<WorkloadSample> Run(OptimizationConfiguration configuration, CancellationToken token) =>
            ConfigurationProcess.RunAsync(AblationProcess.For(settings, configuration.Name), configuration.Name, token);
    }

    private AblationSettings ReadAblation(ParseResult parsed, ModelLocation location, int repetitions, TimeSpan warmUp)
    {
        if (((Option[])[_both, _depth, _noFlash]).FirstOrDefault(option => IsGiven(parsed, option)) is { } unusable)
        {
            throw new UsageException($"{unusable.Name} cannot be combined with --ablate, in which every configuration runs the same workload on an engine of its own.");
        }

        int prompt = One(parsed, _prompt) ?? AblationPrompt, generated = One(parsed, _generate) ?? AblationGenerated;
        int shared = parsed.GetValue(_shared) ?? prompt * 3 / 4;
        if (shared < 0 || shared >= prompt)
        {
            throw new UsageException($"--shared: {shared} is not allowed; it must be 0 to {prompt - 1}, less than the prompt.");
        }

        int longest = location.Files.Architecture.MaxContextTokens;
        if ((long)prompt + generated > longest)
        {
            throw new UsageException($"--ablate: sequences of {prompt} + {generated} tokens are not possible; the model was made for up to {longest}.");
        }

        KvElement element = parsed.GetValue(_kv)?.ToLowerInvariant() switch
        {
            null or "f16" => KvElement.F16,
            "f32" => KvElement.F32,
            _ => throw new UsageException($"--kv: '{parsed.GetValue(_kv)}' cannot be combined with --ablate, which also runs without a cache; it must be f16 or f32."),
        };
        return new AblationSettings(
            StoredModels.Read(location),
            new Workload { BatchSize = One(parsed, _sequences) ?? AblationRequests, InputTokens = prompt, OutputTokens = generated, CachedPrefixTokens = shared },
            IsGiven(parsed, _repetitions) ? repetitions : AblationRounds,
            One(parsed, _threads) ?? Environment.ProcessorCount,
            element,
            warmUp);
    }

    private static int? One(ParseResult parsed, Option<string> option)
    {
        if (!IsGiven(parsed, option))
        {
            return null;
        }

        string text = parsed.GetValue(option)!;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value is >= 1 and <= int.MaxValue / 4
            ? value
            : throw new UsageException($"{option.Name}: '{text}' is not allowed with --ablate; it must be one number of 1 or more.");
    }

    private static bool IsGiven(ParseResult parsed, Option option) => parsed.GetResult(option) is { Implicit: false };
}
