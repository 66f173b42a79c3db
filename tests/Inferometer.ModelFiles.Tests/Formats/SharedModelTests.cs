using Inferometer.Core.Gguf;
using Inferometer.ModelFiles.Formats;
using Inferometer.ModelFiles.Quantization;
using Inferometer.Tests;

namespace Inferometer.ModelFiles.Tests.Formats;

public sealed class SharedModelTests
{
    [Fact]
    public void The_safetensors_folder_and_the_gguf_file_hold_the_same_embedding()
    {
        using ITensorSource folder = ModelFile.Open(SharedFolder.Require("models/tales-5m"));
        using ITensorSource gguf = ModelFile.Open(SharedFolder.Require("models/tales-5m/tales-5m-f16.gguf"));
        Assert.True(folder.TryGetTensor("model.embed_tokens.weight", out ModelTensor? a));
        Assert.True(gguf.TryGetTensor("token_embd.weight", out ModelTensor? b));
        Assert.Equal([4096, 256], a.Shape);
        Assert.Equal(a.Shape, b.Shape);
        Assert.Equal(GgmlType.F16, a.Type);
        Assert.Equal(GgmlType.F16, b.Type);
        Assert.True(a.Bytes(0, (int)a.ByteCount).SequenceEqual(b.Bytes(0, (int)b.ByteCount)));
        float[] row = new float[256];
        b.DecodeRow(4095, row);
        Assert.Equal(b.DecodeAll()[(4095 * 256)..], row);
    }

    /// <summary>
    /// The Q8_0 file was made by dividing by the scale after its rounding to f16; ggml and this library divide before, so a few values sit
    /// one level apart.
    /// </summary>
    [Fact]
    public void Encoding_the_f16_file_as_q8_0_gives_the_scales_and_nearly_all_integers_of_the_q8_0_file()
    {
        using ITensorSource f16 = ModelFile.Open(SharedFolder.Require("models/tales-5m/tales-5m-f16.gguf"));
        using ITensorSource q8 = ModelFile.Open(SharedFolder.Require("models/tales-5m/tales-5m-q8_0.gguf"));
        int tensors = 0;
        long values = 0, apart = 0;
        foreach (ModelTensor expected in q8.Tensors.Where(tensor => tensor.Type == GgmlType.Q8_0))
        {
            Assert.True(f16.TryGetTensor(expected.Name, out ModelTensor? original));
            byte[] encoded = new byte[expected.ByteCount];
            BlockCodec.Encode(GgmlType.Q8_0, original.DecodeAll(), encoded);
            ReadOnlySpan<byte> given = expected.Bytes(0, encoded.Length);
            for (int i = 0; i < encoded.Length; i++)
            {
                int difference = (sbyte)encoded[i] - (sbyte)given[i];
                Assert.InRange(difference, i % 34 < 2 ? 0 : -1, i % 34 < 2 ? 0 : 1);
                apart += difference == 0 ? 0 : 1;
            }

            values += expected.ElementCount;
            tensors++;
        }

        Assert.Equal(43, tensors); // 7 matrices in each of 6 layers, and the embedding
        Assert.InRange((double)apart / values, 0, 0.01);
    }
}
