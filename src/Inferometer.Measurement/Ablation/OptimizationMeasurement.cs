using Inferometer.Core.Deployments;
using Inferometer.Inference.Engine;
using Inferometer.ModelFiles;

namespace Inferometer.Measurement.Ablation;

/// <summary>
/// A workload run for real on this machine: as configured, with each optimisation switched, and from everything off up to as configured.
/// Times are medians over the rounds.
/// </summary>
public sealed record OptimizationMeasurement
{
    private readonly Dictionary<OptimizationConfiguration, MeasuredConfiguration> _configurations;

    private OptimizationMeasurement(IEnumerable<MeasuredConfiguration> configurations) =>
        _configurations = configurations.ToDictionary(measured => measured.Configuration);

    /// <summary>The workload that was run.</summary>
    public required Workload Workload { get; init; }

    /// <summary>What the others are compared with: the options as they are.</summary>
    public required OptimizationConfiguration Baseline { get; init; }

    /// <summary>Times each configuration was run.</summary>
    public required int Rounds { get; init; }

    /// <summary>What each configuration did, the baseline first.</summary>
    public IEnumerable<MeasuredConfiguration> Configurations => ConfigurationsFor(Baseline).Select(c => this[c]);

    /// <summary>Time with the options as they are, seconds.</summary>
    public double BaselineSeconds => this[Baseline].Seconds;

    /// <summary>Time with every optimisation off, seconds.</summary>
    public double AllOffSeconds => this[OptimizationConfiguration.None].Seconds;

    /// <summary>What a configuration did.</summary>
    /// <exception cref="KeyNotFoundException">It is not among <see cref="ConfigurationsFor"/> the baseline.</exception>
    public MeasuredConfiguration this[OptimizationConfiguration configuration] => _configurations[configuration];

    /// <summary>Measured time without an optimisation over measured time with it.</summary>
    public double SpeedupOf(Optimization optimization) =>
        this[Baseline.Without(optimization)].Seconds / this[Baseline.With(optimization)].Seconds;

    /// <summary>The configurations that a baseline is compared with, itself first, each once.</summary>
    public static IReadOnlyList<OptimizationConfiguration> ConfigurationsFor(OptimizationConfiguration baseline) =>
        [.. new[] { baseline }.Concat(Enum.GetValues<Optimization>().Select(baseline.Toggle)).Concat(baseline.Ladder()).Distinct()];

    /// <summary>Runs every configuration in this process, one engine after another, in every round in the other order.</summary>
    /// <param name="path">A <c>.gguf</c> file or a Hugging Face folder.</param>
    /// <param name="options">The engine's options; what they have on is the baseline.</param>
    /// <param name="workload">Batch, prompt, shared prefix and output lengths.</param>
    /// <param name="rounds">Times each configuration is run, at least 1; each is warmed up by one more run.</param>
    /// <param name="cancellationToken">Ends the measurement.</param>
    public static Task<OptimizationMeasurement> RunAsync(
        string path, InferenceOptions options, Workload workload, int rounds = 3, CancellationToken cancellationToken = default) =>
            RunAsync(
            OptimizationConfiguration.Of(options), workload, rounds,
            (configuration, token) => WorkloadRun.MeasureAsync(
                Checkpoint.Open(path), options, configuration, workload, TimeSpan.Zero, token),
            cancellationToken);

    /// <summary>
    /// Runs every configuration by other means, such as a process for each; in every round in the other order, so that what drifts on the
    /// machine meets all alike.
    /// </summary>
    /// <param name="baseline">What is compared.</param>
    /// <param name="workload">The workload that <paramref name="run"/> runs.</param>
    /// <param name="rounds">Times each configuration is run, at least 1.</param>
    /// <param name="run">Runs one configuration once.</param>
    /// <param name="cancellationToken">Ends the measurement.</param>
    public static async Task<OptimizationMeasurement> RunAsync(
        OptimizationConfiguration baseline, Workload workload, int rounds,
        Func<OptimizationConfiguration, CancellationToken, Task<WorkloadSample>> run, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(workload);
        ArgumentNullException.ThrowIfNull(run);
        ArgumentOutOfRangeException.ThrowIfLessThan(rounds, 1);
        IReadOnlyList<OptimizationConfiguration> configurations = ConfigurationsFor(baseline);
        var samples = configurations.ToDictionary(configuration => configuration, _ => new List<WorkloadSample>());
        for (int round = 0; round < rounds; round++)
        {
            foreach (OptimizationConfiguration configuration in round % 2 == 0 ? configurations : configurations.Reverse())
            {
                samples[configuration].Add(await run(configuration, cancellationToken).ConfigureAwait(false));
            }
        }

        WorkloadSample reference = samples[baseline][0];
        return new OptimizationMeasurement(
            configurations.Select(configuration => MeasuredConfiguration.Of(configuration, samples[configuration], reference)))
        {
            Workload = workload,
            Baseline = baseline,
            Rounds = rounds,
        };
    }
}
