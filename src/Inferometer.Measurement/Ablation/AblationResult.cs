namespace Inferometer.Measurement.Ablation;

/// <summary>What came of an ablation.</summary>
/// <param name="Settings">What was run.</param>
/// <param name="Machine">What it was predicted for: the machine it ran on.</param>
/// <param name="Summary">Predictions with measurements.</param>
/// <param name="Measurement">The measurements with their rounds.</param>
public sealed record AblationResult(AblationSettings Settings, ThisMachine Machine, OptimizationSummary Summary,
    OptimizationMeasurement Measurement);
