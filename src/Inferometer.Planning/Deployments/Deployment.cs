using System.Globalization;

namespace Inferometer.Planning.Deployments;

/// <summary>A deployment without how many there are of it: a shape, the limits of its steps, and whether prompts are read apart.</summary>
public sealed record Deployment
{
    /// <summary>One replica.</summary>
    public required DeploymentShape Shape { get; init; }

    /// <summary>Most sequences of a step.</summary>
    public required int MaxSequences { get; init; }

    /// <summary>Most tokens of a step: the budget that prompts are cut to.</summary>
    public required int StepTokens { get; init; }

    /// <summary>Prompts are read by replicas of their own, and keys and values sent to those that decode.</summary>
    public bool IsDisaggregated { get; init; }

    /// <summary>In a line.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Shape}, {MaxSequences} sequences, {StepTokens} tokens a step{(IsDisaggregated ? ", prompts apart" : "")}");
}
