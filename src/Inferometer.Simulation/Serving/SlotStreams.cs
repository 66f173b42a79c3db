using System.Runtime.InteropServices;

namespace Inferometer.Simulation.Serving;

/// <summary>
/// A service whose sequences sit in numbered slots, each with keys and values of its own: a step is not computed at once but in passes,
/// each over slots that are neighbours and with as many tokens of one as of the others. Busy slots with an idle one between them, and
/// prompts beside sequences that decode, read the weights several times.
/// </summary>
/// <param name="PassTokens">Most tokens of a pass, at least 1.</param>
/// <param name="SharedAt">
/// With exactly so many slots all share one stream, and a step is one pass: the number that the framework comes with. 0 = never.
/// </param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct SlotStreams(int PassTokens, int SharedAt)
{
    /// <summary>Whether steps of so many slots are computed in passes.</summary>
    /// <param name="slots">Sequences that may run at once.</param>
    public bool Divide(int slots) => slots != SharedAt && slots > 1;
}
