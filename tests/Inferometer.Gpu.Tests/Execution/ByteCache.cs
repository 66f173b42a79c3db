using Inferometer.Core.Models;
using Inferometer.Cpu.Execution;

namespace Inferometer.Gpu.Tests.Execution;

/// <summary>What <c>--kv q8</c> asks of an engine, as far as a GPU looks at it.</summary>
internal sealed class ByteCache(int bits = 8) : IKvCacheProvider
{
    public string Name => "q" + bits;

    public int RoundedBits => bits;

    /// <summary>Bytes of a block: a byte for each number and two for each 32.</summary>
    public static long BytesOf(ModelArchitecture architecture) => architecture.Layers.Select(layer => (AttentionMixer)layer.Mixer!)
        .Sum(mixer => 2L * KvCache.BlockSize * mixer.KvHeads * (mixer.HeadDim + (mixer.HeadDim / 32 * 2)));

    public long BytesPerBlock(ModelArchitecture architecture) => BytesOf(architecture);

    public long FixedBytes(ModelArchitecture architecture, int maxSequences, int maxStepTokens) => 0;

    public KvCache CreateCache(TransformerModel model, int blockCount, int maxSequences, int maxStepTokens) =>
        throw new NotSupportedException("the processor has a cache of its own for this");
}
