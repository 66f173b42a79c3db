using Inferometer.Core;
using Inferometer.Core.Gguf;
using Inferometer.ModelFiles.Formats;
using Inferometer.ModelFiles.Synthesis;
using Inferometer.ModelFiles.Tokenization;
using Inferometer.ReferenceModels;

namespace Inferometer.ModelFiles.Tests.Synthesis;

public sealed class SyntheticModelTests
{
    private static readonly SyntheticShape Shape = new()
    {
        HiddenSize = 256,
        Layers = 2,
        Heads = 8,
        KvHeads = 2,
        FeedForwardSize = 512,
        VocabularySize = 400,
        ContextTokens = 128,
    };

    public static TheoryData<GgmlType> Types => [.. SyntheticModel.Types];

    [Theory]
    [MemberData(nameof(Types))]
    public void Every_format_gives_finite_weights_of_the_intended_scale(GgmlType type)
    {
        using TemporaryFolder temporary = new();
        string path = Path.Combine(temporary.Path, "model.gguf");
        SyntheticModel.Write(path, Shape, type, 5, cancellationToken: TestContext.Current.CancellationToken);
        using GgufModelFile file = GgufModelFile.Open(path);
        WeightValidation.RequireFinite(file, TestContext.Current.CancellationToken);

        Assert.Equal(Shape.ParameterCount, file.Tensors.Sum(tensor => tensor.ElementCount));
        Assert.True(file.TryGetTensor("blk.1.ffn_gate.weight", out ModelTensor? gate));
        float[] values = gate.DecodeAll();
        double mean = values.Average(), deviation = Math.Sqrt(values.Average(value => (double)value * value));
        Assert.InRange(deviation, 0.97 / 16, 1.03 / 16); // 1 / sqrt(256)
        Assert.InRange(mean, -0.001, 0.001);
    }

    [Fact]
    public void Equal_seeds_give_equal_files_and_others_do_not()
    {
        byte[] Make(ulong seed)
        {
            MemoryStream stream = new();
            SyntheticModel.Write(stream, Shape, GgmlType.Q4_0, seed, null, CancellationToken.None);
            return stream.ToArray();
        }

        Assert.Equal(Make(1), Make(1));
        Assert.NotEqual(Make(1), Make(2));
    }

    [Fact]
    public void The_vocabulary_can_encode_and_decode_any_text()
    {
        MemoryStream stream = new();
        SyntheticModel.Write(stream, Shape, GgmlType.Q8_0, 1, null, CancellationToken.None);
        Tokenizer tokenizer = GgufTokenizer.Load(GgufHeader.Read(stream, "synthetic"));
        const string Text = "Every w1 letter, each \u00e9 and \U0001F600 too.";
        Assert.Equal(Text, tokenizer.Decode(tokenizer.Encode(Text)));
    }

    [Fact]
    public void Presets_have_the_sizes_they_claim()
    {
        Assert.InRange(SyntheticShape.Small.ParameterCount, 110e6, 140e6); // 110M with tied embeddings, 24.6M more for a head of its own
        Assert.InRange(SyntheticShape.Medium.ParameterCount, 1.09e9, 1.11e9);
    }

    [Fact]
    public void Widths_that_do_not_fit_are_refused()
    {
        Assert.Throws<InferometerException>(() => (Shape with { KvHeads = 3 }).Validate());
        Assert.Throws<InferometerException>(
            () => SyntheticModel
                .Write("never.gguf", Shape with { FeedForwardSize = 352 }, GgmlType.Q4_K, 1,
                    cancellationToken: TestContext.Current.CancellationToken));
        Assert.False(File.Exists("never.gguf"));
    }
}
