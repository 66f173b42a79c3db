using Inferometer.Compression.Codecs;
using Inferometer.Cpu.Kernels.Attention;

namespace Inferometer.Compression.Cache;

/// <summary>Moves a layer's pages between their exact and their compressed form, through buffers of its own. Not thread-safe.</summary>
internal sealed unsafe class PageConversion(KvPageLayout layout, CompressedKvCodec codec)
{
    private readonly float[] _keys = new float[KvPageLayout.PageTokens * layout.KvHeads * layout.KeyDim];
    private readonly float[] _values = new float[KvPageLayout.PageTokens * layout.KvHeads * layout.ValueDim];

    public void Compress(byte* exact, int firstPosition, byte* compressed)
    {
        for (int token = 0; token < KvPageLayout.PageTokens; token++)
        {
            layout.LoadToken(exact, token, Keys(token), Values(token));
        }

        codec.EncodePage(_keys, _values, firstPosition, compressed);
    }

    public void Restore(byte* compressed, int firstPosition, byte* exact)
    {
        codec.DecodePage(compressed, firstPosition, _keys, _values);
        for (int token = 0; token < KvPageLayout.PageTokens; token++)
        {
            layout.StoreToken(exact, token, Keys(token), Values(token));
        }
    }

    private Span<float> Keys(int token) => _keys.AsSpan(token * layout.KvHeads * layout.KeyDim, layout.KvHeads * layout.KeyDim);

    private Span<float> Values(int token) => _values.AsSpan(token * layout.KvHeads * layout.ValueDim, layout.KvHeads * layout.ValueDim);
}
