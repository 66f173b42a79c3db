using System.Text;
using Inferometer.Core;
using Inferometer.Core.Gguf;
using Inferometer.ModelFiles.Formats;
using Inferometer.ReferenceModels;

namespace Inferometer.ModelFiles.Tests.Formats;

public sealed class SafetensorsTests
{
    private const string Sound = """{"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"b":{"dtype":"BF16","shape":[4],"data_offsets":[24,32]}}""";

    [Fact]
    public void A_sound_header_gives_names_shapes_and_places()
    {
        SafetensorsHeader header = Read(Sound, 32);
        Assert.Equal("a, b", string.Join(", ", header.Tensors.Select(tensor => tensor.Name)));
        Assert.Equal([2, 3], header.Tensors[0].Shape);
        Assert.Equal(
            (GgmlType.BF16, 8 + Sound.Length + 24L, 8L), (header.Tensors[1].Type, header.Tensors[1].Offset, header.Tensors[1].ByteCount));
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 4, "offsets")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", 8, "offsets")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}""", 8, "offsets")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", 8, "takes 12")]
    [InlineData("""{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}""", 8, "empty")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 8, "empty")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}""", 8, "larger than the file")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", 12, "overlap")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "twice")]
    [InlineData("""{"a":{"dtype":"C64","shape":[1],"data_offsets":[0,8]}}""", 8, "'C64'. Supported: F64, F32, F16, BF16")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1]}}""", 8, "lacks one of")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}""", 8, "integer")]
    [InlineData("""{"a":3}""", 8, "JSON")]
    [InlineData("""[1]""", 8, "JSON")]
    [InlineData("""{"a":""", 8, "JSON")]
    public void An_unsound_header_is_refused_with_the_reason(string json, int dataBytes, string reason) =>
        Assert.Contains(reason, Assert.Throws<InferometerException>(() => Read(json, dataBytes)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_header_longer_than_the_file_is_refused_before_memory_is_set_aside()
    {
        byte[] bytes = [.. BitConverter.GetBytes(long.MaxValue), .. "{}"u8];
        Assert.Contains(
            "states a header", Assert.Throws<InferometerException>(() => SafetensorsHeader.Read(new MemoryStream(bytes), "x")).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Shards_are_joined_by_their_index()
    {
        using TemporaryFolder folder = new();
        WriteShards(folder.Path, """{"weight_map":{"a":"one.safetensors","b":"two.safetensors"}}""");
        using ITensorSource model = ModelFile.Open(folder.Path);
        Assert.Equal(2, model.Tensors.Count);
        Assert.True(model.TryGetTensor("b", out ModelTensor? tensor));
        Assert.Equal([1.5f, -2f], tensor.DecodeAll());
    }

    [Theory]
    [InlineData("""{"weight_map":{"a":"two.safetensors","b":"one.safetensors"}}""", "in one.safetensors")]
    [InlineData("""{"weight_map":{"a":"one.safetensors","b":"two.safetensors","c":"two.safetensors"}}""", "in no file")]
    [InlineData("""{"weight_map":{"a":"one.safetensors","b":"three.safetensors"}}""", "three.safetensors")]
    [InlineData("""{"weight_map":{"a":"../one.safetensors"}}""", "same folder")]
    [InlineData("""{"weight_map":[]}""", "weight_map")]
    public void An_index_that_does_not_fit_its_files_is_refused(string index, string reason)
    {
        using TemporaryFolder folder = new();
        WriteShards(folder.Path, index);
        Assert.Contains(reason, Assert.Throws<InferometerException>(() => ModelFile.Open(folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Tensors_of_a_closed_file_cannot_be_read()
    {
        using TemporaryFolder folder = new();
        WriteShards(folder.Path, """{"weight_map":{"a":"one.safetensors"}}""");
        ITensorSource model = ModelFile.Open(Path.Combine(folder.Path, "one.safetensors"));
        ModelTensor tensor = model.Tensors[0];
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.Bytes(4, 8).Length);
        model.Dispose();
        Assert.Throws<ObjectDisposedException>(() => tensor.DecodeAll());
    }

    [Fact]
    public void What_stands_for_weights_is_told_from_them()
    {
        byte[] pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 123\n"u8.ToArray();
        using MemoryStream stream = new(pointer);
        Assert.Contains(
            "pointer of Git LFS",
            Assert.Throws<InferometerException>(() => SafetensorsHeader.Read(stream, "x")).Message,
            StringComparison.Ordinal);
        using TemporaryFolder folder = new();
        File.WriteAllBytes(Path.Combine(folder.Path, "pytorch_model.bin"), [1]);
        Assert.Contains(
            "pickle", Assert.Throws<InferometerException>(() => ModelFile.Open(folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_without_weights_is_refused()
    {
        using TemporaryFolder folder = new();
        Assert.Contains(
            "neither", Assert.Throws<InferometerException>(() => ModelFile.Open(folder.Path)).Message, StringComparison.Ordinal);
    }

    private static void WriteShards(string folder, string index)
    {
        File.WriteAllText(Path.Combine(folder, "model.safetensors.index.json"), index);
        File.WriteAllBytes(Path.Combine(folder, "one.safetensors"), ShardBytes("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", new byte[8]));
        File.WriteAllBytes(
            Path.Combine(folder, "two.safetensors"),
            ShardBytes("""{"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", [.. BitConverter.GetBytes(1.5f), .. BitConverter.GetBytes(-2f)]));
    }

    private static SafetensorsHeader Read(string json, int dataBytes) =>
        SafetensorsHeader.Read(new MemoryStream(ShardBytes(json, new byte[dataBytes])), "x.safetensors");

    private static byte[] ShardBytes(string json, byte[] data) =>
        [.. BitConverter.GetBytes((long)Encoding.UTF8.GetByteCount(json)), .. Encoding.UTF8.GetBytes(json), .. data];
}
