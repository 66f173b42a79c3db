using ILGPU;

namespace Inferometer.Gpu.Kernels;

/// <summary>What the kernels of attention share: one layer's shape and cache, and where the tokens of a step stand.</summary>
internal struct AttentionArguments
{
    /// <summary>[tokens][heads + 2 KV heads][width]: queries, keys, values.</summary>
    public ArrayView<float> Inputs;

    /// <summary>Keys of the layer, [blocks][KV heads][16 tokens][width], half precision or two rounded numbers in each.</summary>
    public ArrayView<ushort> Keys;

    /// <summary>Values, likewise.</summary>
    public ArrayView<ushort> Values;

    /// <summary>Scales of rounded keys, [blocks][KV heads][16 tokens][width / 32], half precision.</summary>
    public ArrayView<ushort> KeyScales;

    /// <summary>Scales of rounded values, likewise.</summary>
    public ArrayView<ushort> ValueScales;

    /// <summary>[tokens][heads][width].</summary>
    public ArrayView<float> Output;

    /// <summary>The same rounded, four in a word.</summary>
    public ArrayView<int> Quants;

    /// <summary>Their scales.</summary>
    public ArrayView<ActivationScale> Scales;

    /// <summary>Counters of parts that have arrived, one for each head of each token; see <see cref="Kernels.Arrivals"/>.</summary>
    public ArrayView<int> Arrivals;

    /// <summary>Position of each token.</summary>
    public ArrayView<int> Positions;

    /// <summary>Cache slot of each token: block x 16 + place.</summary>
    public ArrayView<int> Slots;

    /// <summary>Where in <see cref="Tables"/> the blocks of each token's sequence begin.</summary>
    public ArrayView<int> TableStarts;

    /// <summary>Blocks of all sequences.</summary>
    public ArrayView<int> Tables;

    /// <summary>A score per head that enters the sum alone.</summary>
    public ArrayView<float> Sinks;

    /// <summary>[rows x heads][splits][width + 2]: sums, greatest score and weight of parts of the context.</summary>
    public ArrayView<float> Parts;

    /// <summary>Tokens of the step.</summary>
    public int Tokens;

    /// <summary>Query heads.</summary>
    public int Heads;

    /// <summary>Heads of keys and values.</summary>
    public int KvHeads;

    /// <summary>Width of a head, a multiple of 8.</summary>
    public int Width;

    /// <summary>Factor of scores.</summary>
    public float Scale;

    /// <summary>Cap of scores; 0 = none.</summary>
    public float Softcap;

    /// <summary>Tokens that are seen, itself included; 0 = all.</summary>
    public int Window;

    /// <summary>Whether there are sinks.</summary>
    public int HasSinks;

    /// <summary>Parts that the context is cut into.</summary>
    public int Splits;

    /// <summary>Whether what attention gives is rounded as well; then heads are a multiple of 32 wide.</summary>
    public int Rounds;
}
