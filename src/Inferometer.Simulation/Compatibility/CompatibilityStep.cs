using System.Runtime.InteropServices;
using Inferometer.Core;

namespace Inferometer.Simulation.Compatibility;

/// <summary>What runs where: the subject of a simulation.</summary>
/// <param name="Model">The network.</param>
/// <param name="Hardware">The device.</param>
/// <param name="Deployment">Parallelism and width.</param>
public sealed record CompatibilitySetup(CompatibilityModel Model, CompatibilityHardware Hardware, CompatibilityDeployment Deployment)
{
    internal void Validate()
    {
        Model.Validate();
        Deployment.Validate(Model);
    }
}

/// <summary>A stretch of a prompt processed in one step.</summary>
/// <param name="PastTokens">Tokens of the sequence that are already cached.</param>
/// <param name="Tokens">Tokens of this chunk, at least 1.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct CompatibilityChunk(long PastTokens, long Tokens);

/// <summary>Decoding sequences of one step that are costed together.</summary>
public sealed record CompatibilityDecodeEntry
{
    private CompatibilityDecodeEntry()
    {
    }

    /// <summary>Sequences, or beams over the shared prefix.</summary>
    public required int Sequences { get; init; }

    /// <summary>Context of each, tokens; of beams the shared prefix.</summary>
    public required long ContextTokens { get; init; }

    /// <summary>Beams over tokens of their own; 0 = the entry has no beams.</summary>
    public int SuffixBeams { get; init; }

    /// <summary>Tokens of their own.</summary>
    public long SuffixTokens { get; init; }

    internal bool HasBeams => SuffixBeams > 0;

    /// <summary>One sequence.</summary>
    public static CompatibilityDecodeEntry Single(long contextTokens) => OfEqual(1, contextTokens);

    /// <summary>Several sequences of one length, each with a cache of its own.</summary>
    public static CompatibilityDecodeEntry OfEqual(int sequences, long contextTokens)
    {
        Require(sequences, contextTokens);
        return new() { Sequences = sequences, ContextTokens = contextTokens };
    }

    /// <summary>Beams that share a prefix and go on by themselves.</summary>
    public static CompatibilityDecodeEntry OfBeams(int prefixBeams, int suffixBeams, long prefixTokens, long suffixTokens)
    {
        Require(prefixBeams, prefixTokens);
        Require(suffixBeams, suffixTokens);
        return new() { Sequences = prefixBeams, ContextTokens = prefixTokens, SuffixBeams = suffixBeams, SuffixTokens = suffixTokens };
    }

    private static void Require(int sequences, long tokens)
    {
        if (sequences < 1 || tokens < 0)
        {
            throw new InferometerException(FormattableString.Invariant(
                $"A decode entry of {sequences} sequence(s) over {tokens} tokens is not possible: ")
                + "at least 1 sequence and no negative length.");
        }
    }
}
