namespace Inferometer.Measurement.Ablation;

/// <summary>Measures the machine, predicts a workload on it with each optimisation off and on, and runs it.</summary>
public static class AblationRun
{
    /// <summary>Runs one configuration once.</summary>
    /// <param name="configuration">Optimisations that are on.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    public delegate Task<WorkloadSample> Runner(OptimizationConfiguration configuration, CancellationToken cancellationToken);

    /// <summary>Runs of one configuration that an ablation takes.</summary>
    public static int CountRuns(AblationSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return settings.Rounds * OptimizationMeasurement.ConfigurationsFor(OptimizationConfiguration.All).Count;
    }

    /// <summary>Measures; nothing else should run on the machine meanwhile.</summary>
    /// <param name="settings">What to run.</param>
    /// <param name="runner">Runs one configuration, such as a process for each; null = in this process, one engine after another.</param>
    /// <param name="done">Called after every run of a configuration; null = nobody is told.</param>
    /// <param name="cancellationToken">Ends the measurement.</param>
    /// <exception cref="Core.InferometerException">The workload does not fit the model, or an engine cannot start.</exception>
    public static async Task<AblationResult> MeasureAsync(
        AblationSettings settings, Runner? runner = null, Action? done = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(settings);
        runner ??= (configuration, token) =>
            WorkloadRun.MeasureAsync(settings.Model.Open(), settings.Options, configuration, settings.Workload, settings.WarmUp, token);
        var machine = ThisMachine.Measure(settings.Threads, settings.Model.TensorBytes, cancellationToken);
        OptimizationSummary forecast = new OptimizationForecast(machine.RequestFor(settings), settings.Options).Summarize();
        OptimizationMeasurement measurement = await OptimizationMeasurement.RunAsync(
            OptimizationConfiguration.All, settings.Workload, settings.Rounds, RunAsync, cancellationToken).ConfigureAwait(false);
        return new AblationResult(settings, machine, forecast.With(measurement), measurement);

        async Task<WorkloadSample> RunAsync(OptimizationConfiguration configuration, CancellationToken token)
        {
            WorkloadSample sample = await runner(configuration, token).ConfigureAwait(false);
            done?.Invoke();
            return sample;
        }
    }
}
