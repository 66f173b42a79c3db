using System.Runtime.InteropServices;

namespace Inferometer.Runners;

/// <summary>What a runner has done since its model was loaded, counted where it happens.</summary>
/// <param name="Steps">Steps that completed.</param>
/// <param name="Tokens">Tokens run through the network.</param>
/// <param name="FlashAttentionCalls">Calls of attention in tiles; one covers a layer's attention over all sequences of a step.</param>
/// <param name="StandardAttentionCalls">Calls of the attention that stores its score matrix.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct RunnerStatistics(long Steps, long Tokens, long FlashAttentionCalls, long StandardAttentionCalls);
