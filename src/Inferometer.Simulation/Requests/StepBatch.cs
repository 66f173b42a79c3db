using System.Runtime.InteropServices;
using Inferometer.Core;

namespace Inferometer.Simulation.Requests;

/// <summary>
/// What one replica (one rank under attention data parallelism) runs in one step: any mixture of prompt chunks and
/// decoding sequences.
/// </summary>
public sealed record StepBatch
{
    /// <summary>Prompt chunks.</summary>
    public EquatableList<PrefillChunk> Prefill { get; init; } = [];

    /// <summary>Decoding sequences.</summary>
    public EquatableList<DecodeGroup> Decode { get; init; } = [];
}

/// <summary>Equal chunks of prompts.</summary>
/// <param name="PastTokens">Tokens of the sequence already in the cache, at least 0.</param>
/// <param name="NewTokens">Tokens of this chunk, at least 1.</param>
/// <param name="Count">Sequences with such a chunk.</param>
/// <param name="EndsPrompt">The chunk's last position needs logits.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct PrefillChunk(int PastTokens, int NewTokens, int Count = 1, bool EndsPrompt = true);

/// <summary>Sequences that decode: one token each, or the last token and the drafted ones that are checked with it.</summary>
/// <param name="ContextTokens">Length of the cache including the tokens of this step, at least <paramref name="NewTokens"/>.</param>
/// <param name="Count">Sequences of that length.</param>
/// <param name="NewTokens">Tokens of this step per sequence, at least 1; each needs logits.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct DecodeGroup(int ContextTokens, int Count = 1, int NewTokens = 1);
