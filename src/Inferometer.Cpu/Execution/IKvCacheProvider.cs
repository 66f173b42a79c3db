using Inferometer.Core.Models;

namespace Inferometer.Cpu.Execution;

/// <summary>Makes caches of another kind than the exact one for an engine. Implementations are immutable.</summary>
public interface IKvCacheProvider
{
    /// <summary>What the cache is called in reports, such as <c>q8</c>.</summary>
    string Name { get; }

    /// <summary>
    /// Bits of a number where keys and values are rounded with a scale for every 32, which runners on other devices may do in their own
    /// way; 0 where the cache is anything else.
    /// </summary>
    int RoundedBits => 0;

    /// <summary>Bytes that every block takes, over all layers; known before the model is loaded.</summary>
    /// <param name="architecture">The model.</param>
    long BytesPerBlock(ModelArchitecture architecture);

    /// <summary>Bytes that the cache takes whatever its number of blocks.</summary>
    /// <param name="architecture">The model.</param>
    /// <param name="maxSequences">Sequences that run at once.</param>
    /// <param name="maxStepTokens">Most tokens of a step.</param>
    long FixedBytes(ModelArchitecture architecture, int maxSequences, int maxStepTokens);

    /// <summary>Makes a cache.</summary>
    /// <param name="model">The model.</param>
    /// <param name="blockCount">Blocks of 16 tokens.</param>
    /// <param name="maxSequences">Sequences that run at once.</param>
    /// <param name="maxStepTokens">Most tokens of a step.</param>
    /// <exception cref="Core.InferometerException">It does not fit the model.</exception>
    KvCache CreateCache(TransformerModel model, int blockCount, int maxSequences, int maxStepTokens);
}
