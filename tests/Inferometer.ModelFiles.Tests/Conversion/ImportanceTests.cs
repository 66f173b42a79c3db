using Inferometer.Core;
using Inferometer.Core.Gguf;
using Inferometer.ModelFiles.Conversion;
using Inferometer.ModelFiles.Formats;
using Inferometer.ReferenceModels;
using Inferometer.Tests;

namespace Inferometer.ModelFiles.Tests.Conversion;

public sealed class ImportanceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("m.gguf")]
    [InlineData("m.dat")]
    public void A_matrix_that_was_written_is_read_again(string name)
    {
        ImportanceMatrix matrix = new("made", new Dictionary<string, ImportanceEntry>
        {
            ["blk.0.attn_q.weight"] = new([8, 2, 4], [2]),
            ["blk.0.ffn_up_exps.weight"] = new([9, 3, 0, 0], [3, 0]),
        })
        { Texts = new EquatableList<string>(["book.txt"]), Windows = 5, WindowTokens = 64 };
        ImportanceFile.Write(matrix, _folder.File(name));
        ImportanceMatrix read = ImportanceFile.Read(_folder.File(name));
        Assert.Equal([[4, 1, 2]], read.For("blk.0.attn_q.weight", 1, 3)!);
        Assert.Null(read.For("blk.1.attn_q.weight", 1, 3));
        if (name is "m.gguf")
        {
            Assert.Equal([[3, 1], [1, 1]], read.For("blk.0.ffn_up_exps.weight", 2, 2)!); // an expert that no token reached
            Assert.Equal(("book.txt", 5, 64), (read.Texts[0], read.Windows, read.WindowTokens));
        }
    }

    [Fact]
    public void A_matrix_of_another_model_is_refused()
    {
        ImportanceMatrix matrix = new("made", new Dictionary<string, ImportanceEntry> { ["blk.0.attn_q.weight"] = new([1, 2, 3], [1]) });
        InferometerException error = Assert.Throws<InferometerException>(() => matrix.For("blk.0.attn_q.weight", 1, 4));
        Assert.Contains("1 x 3 inputs, the model's tensor has 1 x 4", error.Message, StringComparison.Ordinal);
        Assert.Contains("finite sums", Assert.Throws<InferometerException>(() => new ImportanceMatrix(
            "made", new Dictionary<string, ImportanceEntry> { ["a"] = new([float.NaN], [1]) })).Message, StringComparison.Ordinal);
        error = Assert.Throws<InferometerException>(() => Convert(
            new ConversionOptions
            {
                Type = GgmlType.Q4_K,
                Importance = new("made", new Dictionary<string,
                ImportanceEntry>
                { ["x"] = new([1], [1]) })
            }));
        Assert.Contains("none of its 1 entries", error.Message, StringComparison.Ordinal);
        ImportanceMatrix fitting = new("made", new Dictionary<string, ImportanceEntry>
        {
            ["blk.0.attn_q.weight"] = new([.. Enumerable.Repeat(1f, 256)], [1]),
        });
        error = Assert.Throws<InferometerException>(() => Convert(new ConversionOptions { Type = GgmlType.Q8_0, Importance = fitting }));
        Assert.Contains("changes nothing", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_that_are_no_matrix_are_refused()
    {
        string path = _folder.Write("m.dat", [1, 0, 0, 0, 255, 255, 255, 255]);
        Assert.Contains("-1 bytes of a name", Assert.Throws<InferometerException>(() => ImportanceFile.Read(path)).Message,
            StringComparison.Ordinal);
        string model = SharedFolder.Require("models/stories260k/stories260k-f16.gguf");
        Assert.Contains("has the type 'imatrix'", Assert.Throws<InferometerException>(() => ImportanceFile.Read(model)).Message,
            StringComparison.Ordinal);
    }

    /// <summary>Types as llama.cpp's own quantiser gave them for the same file (libllama of @node-llama-cpp/linux-x64 3.22.1).</summary>
    [Theory]
    [InlineData("q2_k", "Q3_K", "Q3_K", "Q2_K", "Q6_K", 10u)]
    [InlineData("q3_k_m", "Q5_K", "Q4_K", "Q3_K", "Q6_K", 12u)]
    [InlineData("q4_k_m", "Q4_K", "Q4_K", "Q4_K", "Q6_K", 15u)]
    [InlineData("iq4_xs", "IQ4_XS", "IQ4_XS", "IQ4_XS", "Q6_K", 30u)]
    public void A_mix_gives_each_tensor_the_format_that_the_peer_gives_it(
        string mix, string value, string output, string query, string embedding, uint fileType)
    {
        ConversionResult result = Convert(new ConversionOptions { Type = QuantizationMix.MainType(mix), Mix = mix });
        using GgufModelFile made = GgufModelFile.Open(result.Files[0]);
        string TypeOf(string name) => made.TryGetTensor(name, out ModelTensor? tensor) ? tensor.Type.ToString() : "missing";
        Assert.Equal(
            (value, output, query, embedding, "F32"),
            (TypeOf("blk.0.attn_v.weight"), TypeOf("blk.0.attn_output.weight"), TypeOf("blk.0.attn_q.weight"), TypeOf("token_embd.weight"),
                TypeOf("blk.0.attn_norm.weight")));
        Assert.Equal(fileType, made.Header.GetInt64("general.file_type"));
    }

    [Fact]
    public void Mixes_are_named_and_others_refused_by_name()
    {
        string[] expected =
            ["q2_k", "q2_k_s", "q3_k_s", "q3_k_m", "q3_k_l", "q4_k_s", "q4_k_m", "q5_k_s", "q5_k_m", "q6_k", "iq4_nl", "iq4_xs"];
        Assert.Empty(expected.Except(QuantizationMix.Names, StringComparer.Ordinal));
        Assert.DoesNotContain("iq2_xs", QuantizationMix.Names);
        Assert.Contains("'iq2_xs' is no mix", Assert.Throws<InferometerException>(() => QuantizationMix.MainType("iq2_xs")).Message,
            StringComparison.Ordinal);
    }

    private ConversionResult Convert(ConversionOptions options) => ModelConverter.Convert(
        SharedFolder.Require("models/tales-5m/tales-5m-f16.gguf"), _folder.File("out.gguf"), options,
        cancellationToken: TestContext.Current.CancellationToken);
}
