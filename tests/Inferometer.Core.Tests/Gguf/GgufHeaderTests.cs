using FsCheck.Fluent;
using Inferometer.Core.Gguf;
using Inferometer.Tests;

namespace Inferometer.Core.Tests.Gguf;

public sealed class GgufHeaderTests
{
    private static GgufHeader Read(byte[] bytes) => GgufHeader.Read(new MemoryStream(bytes), "test.gguf");

    private static GgufBytes Small() => new GgufBytes()
        .Text("general.architecture", "llama")
        .UInt32("llama.block_count", 2)
        .Single("llama.rope.freq_base", 10000)
        .Bool("flag", 1)
        .Texts("tokenizer.ggml.tokens", "a", "", "\u2581b")
        .Int32s("tokenizer.ggml.token_type", 1, 2, -3)
        .F32("token_embd.weight", 8, 4)
        .F32("output_norm.weight", 8);

    [Theory]
    [InlineData(2u)]
    [InlineData(3u)]
    public void A_sound_file_gives_its_values_and_tensor_places(uint version)
    {
        GgufBytes bytes = Small();
        bytes.Version = version;
        GgufHeader header = Read(bytes.Build());

        Assert.Equal((int)version, header.Version);
        Assert.Equal("llama", header.Architecture);
        Assert.Equal(2, header.GetInt64("llama.block_count"));
        Assert.Equal(10000, header.GetDouble("llama.rope.freq_base", 0));
        Assert.True(header.GetBool("flag", false));
        Assert.Equal(["a", "", "\u2581b"], header.Metadata["tokenizer.ggml.tokens"].AsStrings()!);
        Assert.Equal([1L, 2, -3], header.Metadata["tokenizer.ggml.token_type"].AsInt64s()!);
        Assert.Equal(32, header.Alignment);
        Assert.Equal(0, header.Parts[0].DataOffset % 32);
        Assert.True(header.TryGetTensor("output_norm.weight", out GgufTensorInfo? norm));
        Assert.Equal(128, norm.Offset);
        Assert.Equal(32, norm.ByteCount);
        Assert.Equal(header.FileLength, header.Parts[0].DataOffset + norm.Offset + norm.ByteCount);
    }

    [Fact]
    public void A_pointer_of_git_lfs_is_told_from_a_damaged_file() => Assert.Contains(
        "pointer of Git LFS",
        Assert.Throws<InferometerException>(
            () => Read("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"u8.ToArray())).Message,
        StringComparison.Ordinal);

    [Fact]
    public void Trailing_extents_of_one_are_left_out()
    {
        GgufHeader header = Read(new GgufBytes().F32("a", 8, 1).F32("b", 8, 4, 1, 1).F32("c", 1, 1).F32("d", 8, 1, 3).Build());
        Assert.Equal(["8", "8 4", "1", "8 1 3"], header.Tensors.Select(tensor => string.Join(' ', tensor.Shape)));
        Assert.Equal([32L, 128, 4, 96], header.Tensors.Select(tensor => tensor.ByteCount));
    }

    [Theory]
    [InlineData(3u, 3u)]
    [InlineData(0u, 70000u)]
    public void A_part_with_an_impossible_number_is_refused(uint number, uint count)
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, new GgufBytes().UInt32("split.no", number).UInt32("split.count", count).F32("a", 8).Build());
            string message = Assert.Throws<InferometerException>(() => GgufHeader.Read(path)).Message;
            Assert.Contains($"'split.no' is {number} and 'split.count' {count}", message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_value_of_another_kind_is_named_with_its_file()
    {
        GgufHeader header = Read(Small().Build());
        InferometerException error = Assert.Throws<InferometerException>(() => header.GetInt64("general.architecture"));
        Assert.Contains("test.gguf", error.Message, StringComparison.Ordinal);
        Assert.Contains("'general.architecture'", error.Message, StringComparison.Ordinal);
        Assert.Contains(
            "'nowhere'", Assert.Throws<InferometerException>(() => header.GetString("nowhere")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_truncation_of_a_sound_file_is_one_clear_error()
    {
        byte[] whole = Small().Build();
        for (int length = 0; length < whole.Length; length++)
        {
            InferometerException error = Assert.Throws<InferometerException>(() => Read(whole[..length]));
            Assert.Contains("test.gguf", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Any_damage_to_any_bytes_either_reads_or_is_one_clear_error()
    {
        byte[] whole = Small().Build();
        FsCheck.Property property = Prop.ForAll(
            ArbMap.Default.ArbFor<(int Position, byte Value)[]>(),
            changes =>
            {
                byte[] damaged = [.. whole];
                foreach ((int position, byte value) in changes)
                {
                    damaged[(int)((uint)position % (uint)damaged.Length)] = value;
                }

                try
                {
                    Read(damaged);
                }
                catch (InferometerException error)
                {
                    return error.Message.StartsWith("test.gguf: ", StringComparison.Ordinal);
                }

                return true;
            });
        FsCheck.Check.One(FsCheck.Config.QuickThrowOnFailure.WithMaxTest(2000), property);
    }

    public static TheoryData<string, byte[]> Hostile => new()
    {
        { "number of tensors", Small().Build(tensorCount: ulong.MaxValue) },
        { "number of metadata entries", Small().Build(metadataCount: 1UL << 40) },
        { "length of array", new GgufBytes().Entry("x", 9, w => { w.Write(4u); w.Write(1UL << 60); }).Build() },
        { "length of the value", new GgufBytes().Entry("x", 8, w => w.Write(1UL << 31)).Build() },
        { "unknown type 13", new GgufBytes().Entry("x", 13, w => w.Write(0UL)).Build() },
        { "nests arrays", new GgufBytes().Entry("x", 9, w => { for (int i = 0; i < 9; i++) { w.Write(9u); w.Write(1UL); } }).Build() },
        { "appears twice", new GgufBytes().UInt32("x", 1).UInt32("x", 2).Build() },
        { "neither 0 nor 1", new GgufBytes().Bool("x", 2).Build() },
        { "power of two", new GgufBytes().UInt32("general.alignment", 24).Build() },
        { "power of two", new GgufBytes().UInt32("general.alignment", 0).Build() },
        { "dimensions", new GgufBytes().Tensor("t", 0, 0, 1, 1, 1, 1, 1).Build() },
        { "too many elements", new GgufBytes().Tensor("t", 0, 0, 1UL << 33, 1UL << 33).Build() },
        { "beyond the end", new GgufBytes().Tensor("t", 0, 0, 1UL << 40).Build() },
        { "beyond the end", new GgufBytes().Tensor("t", 0, ulong.MaxValue - 31, 8).Build() },
        { "not aligned", new GgufBytes().F32("a", 64).Tensor("t", 0, 8, 8).Build() },
        { "unknown format 99", new GgufBytes().Tensor("t", 99, 0, 8).Build() },
        { "multiples of 32", new GgufBytes().Tensor("t", 8, 0, 33).Build() },
        { "version 1", new GgufBytes { Version = 1 }.Build() },
        { "big-endian", new GgufBytes { Version = 0x03000000 }.Build() },
    };

    [Theory]
    [MemberData(nameof(Hostile))]
    public void Hostile_files_are_refused_with_the_reason(string reason, byte[] bytes) =>
        Assert.Contains(reason, Assert.Throws<InferometerException>(() => Read(bytes)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_missing_file_is_one_clear_error() =>
        Assert.Contains(
            "nowhere.gguf", Assert.Throws<InferometerException>(() => GgufHeader.Read("nowhere.gguf")).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("models/tales-5m/tales-5m-q8_0.gguf", GgmlType.Q8_0)]
    [InlineData("models/tales-5m/tales-5m-f16.gguf", GgmlType.F16)]
    [InlineData("models/stories260k/stories260k-f32.gguf", GgmlType.F32)]
    public void Real_files_end_with_their_last_tensor(string path, GgmlType type)
    {
        GgufHeader header = GgufHeader.Read(SharedFolder.Require(path));
        Assert.Equal("llama", header.Architecture);
        Assert.Contains(header.Tensors, t => t.Type == type);
        long end = header.Tensors.Max(t => header.Parts[0].DataOffset + t.Offset + t.ByteCount);
        Assert.InRange(header.FileLength - end, 0, header.Alignment - 1);
    }
}
