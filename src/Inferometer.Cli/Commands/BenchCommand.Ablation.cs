using System.CommandLine;
using Inferometer.Cli.Ablation;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Models;
using Inferometer.Cli.Output;
using Inferometer.Cli.Recording;
using Inferometer.Cli.Settings;
using Inferometer.Core;
using Inferometer.Core.Deployments;
using Inferometer.History.Records;
using Inferometer.Measurement.Ablation;
using Inferometer.Measurement.Models;
using Inferometer.Reports.Ablation;
using Inferometer.Reports.Benchmarks;
using Inferometer.Reports.Runs;
using Inferometer.Reports.Writers;

namespace Inferometer.Cli.Commands;

/// <content><c>bench --ablate</c>: each optimisation of the engine off and on.</content>
internal sealed partial class BenchCommand
{
    private const int AblationPrompt = 128;
    private const int AblationGenerated = 32;
    private const int AblationRequests = 4;
    private const int AblationRounds = 3;

    private readonly FlagOption _ablate = new(
        ["--ablate"],
        "Instead: run one workload with each optimisation of the engine off and on, and set what was measured beside what the simulator "
            + "predicts. -p, -n, -b and -t take one number then; -p is 128, -n 32, -b 4 and -r 3 where not given.");

    private readonly ValueOption<int> _shared = new(
        ["--shared"],
        Domains.Whole(0, MostTokens),
        "With --ablate: leading prompt tokens that all requests share.",
        "three quarters of the prompt");

    // How the program calls itself: a process for each configuration and round.
    private readonly ValueOption<OptimizationConfiguration> _configuration =
        new(["--configuration"], new("NAME", null, (text, _) => OptimizationConfiguration.Parse(text)),
            "One configuration, once.")
        { Hidden = true };

    private async Task<int> Ablate(
        ParseResult parsed, ModelLocation location, int repetitions, TimeSpan warmUp, RunRecording recording,
        CancellationToken cancellationToken)
    {
        AblationSettings settings = ReadAblation(parsed, location, repetitions, warmUp);
        using Interrupt interrupt = new(cancellationToken);
        if (parsed.Given(_configuration) is { } configuration)
        {
            WorkloadSample sample = await ConfigurationProcess.MeasureAsync(settings, configuration, interrupt.Token).ConfigureAwait(false);
            _printer.Output.WriteLine(ConfigurationProcess.ToJson(sample));
            return ExitCode.Success;
        }

        AblationResult result;
        using (Progress progress = new(_printer, "runs", AblationRun.CountRuns(settings)))
        {
            result = await AblationRun.MeasureAsync(settings, Run, progress.Advance, interrupt.Token).ConfigureAwait(false);
        }

        OutputFormat format = _output.Of(parsed);
        _printer.Print(new AblationReport(result).DocumentFor(format), format);
        recording.Keep(() => new RunDraft(
            RunKind.Bench, RunArm.Measured, location.Name, BenchReport.Processor(), RecordedBenchmarks.Of(result)));
        return ExitCode.Success;

        Task<WorkloadSample> Run(OptimizationConfiguration configuration, CancellationToken token) =>
            ConfigurationProcess.RunAsync(AblationProcess.For(settings, configuration.Name), configuration.Name, token);
    }

    private AblationSettings ReadAblation(ParseResult parsed, ModelLocation location, int repetitions, TimeSpan warmUp)
    {
        if (((Option[])[_both, _depth, _noFlash]).FirstOrDefault(parsed.IsGiven) is { } unusable)
        {
            throw new UsageException(
                $"{unusable.Name} cannot be combined with --ablate, in which every configuration runs the same workload on an engine of "
                    + $"its own.");
        }

        int prompt = One(parsed, _prompt) ?? AblationPrompt, generated = One(parsed, _generate) ?? AblationGenerated;
        int shared = parsed.Given(_shared) ?? prompt * 3 / 4;
        if (shared >= prompt)
        {
            throw new UsageException($"--shared: {shared} is not allowed; it must be 0 to {prompt - 1}, less than the prompt.");
        }

        int longest = location.Files.Architecture.MaxContextTokens;
        if ((long)prompt + generated > longest)
        {
            throw new InferometerException(
                $"--ablate: sequences of {prompt} + {generated} tokens are not possible; the model was made for up to {longest}.");
        }

        string kv = _kv.Of(parsed);
        if (kv is not ("f16" or "f32"))
        {
            throw new UsageException(
                $"--kv: '{kv}' cannot be combined with --ablate, which also runs without a cache; it must be f16 or f32.");
        }

        return new AblationSettings(
            StoredModel.Read(location.Files),
            new Workload
            {
                BatchSize = One(parsed, _sequences) ?? AblationRequests,
                InputTokens = prompt,
                OutputTokens = generated,
                CachedPrefixTokens = shared,
            },
            parsed.IsGiven(_repetitions) ? repetitions : AblationRounds,
            One(parsed, _threads) ?? Environment.ProcessorCount,
            KvArgument.ElementOf(kv),
            warmUp);
    }

    private static int? One(ParseResult parsed, ListOption<int> option) => !parsed.IsGiven(option)
        ? null
        : option.Of(parsed) is [>= 1 and var one]
            ? one
            : throw new UsageException($"{option.Name}: with --ablate it must be one number of 1 or more.");
}
