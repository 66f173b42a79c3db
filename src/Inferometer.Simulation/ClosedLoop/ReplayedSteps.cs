using System.Runtime.InteropServices;

namespace Inferometer.Simulation.ClosedLoop;

/// <summary>
/// What steps take while a loop is replayed: straight lines through a few priced ones, so that a step costs nothing to look up.
/// </summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct ReplayedSteps
{
    /// <summary>Seconds of a decode step of one sequence.</summary>
    public required double One { get; init; }

    /// <summary>Seconds of a decode step of <see cref="FullSequences"/>.</summary>
    public required double Full { get; init; }

    /// <summary>Sequences of a full step of one rank.</summary>
    public required int FullSequences { get; init; }

    /// <summary>Seconds one prompt token adds to a step that decodes too.</summary>
    public required double MixedToken { get; init; }

    /// <summary>Seconds of a prompt token in a step of prompts alone.</summary>
    public required double PromptToken { get; init; }

    /// <summary>Prompt tokens a step may hold.</summary>
    public required int Budget { get; init; }

    /// <summary>Prompts go into the steps of those that decode; otherwise these stand still while prompts are read.</summary>
    public required bool Mixed { get; init; }

    /// <summary>Seconds of a decode step.</summary>
    public double Decode(int sequences) =>
        FullSequences <= 1 ? One : One + ((Full - One) * (sequences - 1) / (FullSequences - 1));
}
