using Inferometer.Core.Models;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Kernels.Attention;

namespace Inferometer.Measurement.Benchmarks;

/// <summary>The cache that tests run over: exact keys and values in a number format, or a compressed cache.</summary>
/// <param name="Element">Number format of exact values.</param>
/// <param name="Compression">The compressed cache, or null for the exact one.</param>
public sealed record BenchCache(KvElement Element, IKvCacheProvider? Compression)
{
    /// <summary>Name as reports show it: f16, q8, ...</summary>
    public string Name => Compression?.Name ?? Element.ToString().ToLowerInvariant();

    /// <summary>Bytes a cached token takes over all layers, scales included.</summary>
    public double BytesPerToken(ModelArchitecture model) =>
        (double)(Compression?.BytesPerBlock(model) ?? PagedKvCache.BytesPerBlock(model, Element)) / KvCache.BlockSize;

    /// <summary>A cache of this kind for a loaded model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="blockCount">Blocks of 16 tokens.</param>
    /// <param name="sequences">Sequences that run at once.</param>
    /// <param name="stepTokens">Most tokens of a step.</param>
    public KvCache CreateCache(TransformerModel model, int blockCount, int sequences, int stepTokens)
    {
        ArgumentNullException.ThrowIfNull(model);
        return Compression?.CreateCache(model, blockCount, sequences, stepTokens) ?? model.CreateCache(blockCount, Element);
    }
}
