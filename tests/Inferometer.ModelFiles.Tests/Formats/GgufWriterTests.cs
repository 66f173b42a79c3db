using Inferometer.Core;
using Inferometer.Core.Gguf;
using Inferometer.ModelFiles.Formats;

namespace Inferometer.ModelFiles.Tests.Formats;

public sealed class GgufWriterTests
{
    [Fact]
    public void What_is_written_is_read_back()
    {
        MemoryStream stream = new();
        GgufWriter writer = new(stream);
        writer.Set("general.architecture", "llama");
        writer.Set("a.count", 7u);
        writer.Set("a.ratio", 0.25f);
        writer.Set("a.flag", true);
        writer.Set("a.texts", ["x", "", "\u2581y"]);
        writer.Set("a.floats", [1f, -2f]);
        writer.Set("a.ints", [3, -4]);
        writer.Set("a.count", 8u); // a later value replaces an earlier one
        writer.DeclareTensor("one", [2, 3], GgmlType.F32);
        writer.DeclareTensor("two", [32], GgmlType.Q8_0);
        writer.BeginData();
        writer.Write(new byte[10]);
        writer.Write(new byte[14]);
        writer.Write(Enumerable.Range(0, 34).Select(i => (byte)i).ToArray());
        writer.Finish();

        GgufHeader header = GgufHeader.Read(stream, "x.gguf");
        Assert.Equal(8, header.GetInt64("a.count"));
        Assert.Equal(0.25, header.GetDouble("a.ratio", 0));
        Assert.True(header.GetBool("a.flag", false));
        Assert.Equal(["x", "", "\u2581y"], header.Metadata["a.texts"].AsStrings()!);
        Assert.Equal([1f, -2f], header.Metadata["a.floats"].AsSingles()!);
        Assert.Equal([3L, -4L], header.Metadata["a.ints"].AsInt64s()!);
        Assert.True(header.TryGetTensor("two", out GgufTensorInfo? two));
        Assert.Equal((GgmlType.Q8_0, 32L), (two.Type, two.Offset)); // 24 bytes, filled up to 32
        Assert.Equal([3, 2], header.Tensors[0].Shape);
        Assert.Equal(33, stream.ToArray()[header.Parts[0].DataOffset + two.Offset + 33]);
        Assert.Equal(0, stream.Length % 32);
    }

    [Fact]
    public void Every_kind_of_value_survives_being_copied()
    {
        MemoryStream first = new(), second = new();
        GgufWriter writer = new(first);
        writer.Set("k.text", "t");
        writer.Set("k.uint", 9u);
        writer.Set("k.float", 1.5f);
        writer.Set("k.flag", false);
        writer.Set("k.texts", ["a", "b"]);
        writer.Set("k.floats", [0.1f]);
        writer.Set("k.ints", [-1]);
        writer.BeginData();
        writer.Finish();
        GgufWriter copy = new(second);
        foreach ((string key, GgufValue value) in GgufHeader.Read(first, "a").Metadata)
        {
            copy.Set(key, value);
        }

        copy.BeginData();
        copy.Finish();
        Assert.Equal(first.ToArray(), second.ToArray());
    }

    [Fact]
    public void Too_much_and_too_little_data_are_refused()
    {
        GgufWriter writer = new(new MemoryStream());
        writer.DeclareTensor("one", [4], GgmlType.F32);
        Assert.Throws<InvalidOperationException>(writer.Finish);
        writer.BeginData();
        Assert.Throws<InvalidOperationException>(() => writer.Write(new byte[17]));
        writer.Write(new byte[8]);
        Assert.Contains("'one' lacks 8 bytes", Assert.Throws<InvalidOperationException>(writer.Finish).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => writer.Set("late", 1u));
        Assert.Throws<ArgumentException>(() => new GgufWriter(new MemoryStream()).DeclareTensor("odd", [31], GgmlType.Q4_0));
    }

    [Fact]
    public void Overlapping_tensors_are_refused_before_mapping()
    {
        MemoryStream stream = new();
        GgufWriter writer = new(stream);
        writer.Set("general.architecture", "llama");
        writer.DeclareTensor("first", [32], GgmlType.F32);
        writer.DeclareTensor("other", [32], GgmlType.F32);
        writer.BeginData();
        writer.Write(new byte[128]);
        writer.Write(new byte[128]);
        byte[] bytes = stream.ToArray();
        int name = bytes.AsSpan().IndexOf("other"u8);
        BitConverter.TryWriteBytes(bytes.AsSpan(name + 5 + 4 + 8 + 4), 64L); // dimension count, one extent, type, then the offset
        GgufHeader header = GgufHeader.Read(new MemoryStream(bytes), "x.gguf");
        InferometerException error = Assert.Throws<InferometerException>(() => GgufModelFile.CheckLayout(header));
        Assert.Contains("'first' and 'other' overlap", error.Message, StringComparison.Ordinal);
    }
}
