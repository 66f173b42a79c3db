using System.Runtime.InteropServices;

namespace Inferometer.Simulation.ClosedLoop;

/// <summary>The priced steps that a closed loop's times follow from, seconds.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct ClosedLoopSteps
{
    /// <summary>Mean decode step with all users that there is room for.</summary>
    public required double Decode { get; init; }

    /// <summary>A step that reads one mean prompt and nothing else.</summary>
    public required double Prompt { get; init; }

    /// <summary>From one such step to the next where prompts follow one another: less than the step in a pipeline.</summary>
    public required double PromptPace { get; init; }

    /// <summary>What such a prompt adds to a step of all users.</summary>
    public required double Added { get; init; }

    /// <summary>Least that a step which reads one mean prompt and nothing else takes at the datasheet's peak.</summary>
    public required double LeastPrompt { get; init; }

    /// <summary>Least that such a prompt adds to a step of all users at the datasheet's peak.</summary>
    public required double LeastAdded { get; init; }

    /// <summary>Sequences of a full step of one rank.</summary>
    public required int Sequences { get; init; }

    /// <summary>Requests there is room for over the deployment; null = not known.</summary>
    public required int? Room { get; init; }

    /// <summary>
    /// Prompts of others per decode step (while a sequence decodes, each of the others sends one) x what is felt of what one adds, which is
    /// no less than the datasheet's peak has it.
    /// </summary>
    /// <param name="load">Lengths.</param>
    /// <param name="share">Share of what prompts add that is felt.</param>
    public double StallSeconds(in ClosedLoopLoad load, double share) =>
        (Sequences - 1.0) / load.MeanOutputTokens * Math.Max(share * Added, LeastAdded);
}
