using System.Text;
using Inferometer.Core.Gguf;

namespace Inferometer.ModelFiles.Formats;

/// <summary>
/// Writes a GGUF file, version 3, front to back: first all metadata and tensor declarations, then the data of the tensors in the order
/// declared, in pieces of any size. Not thread-safe.
/// </summary>
public sealed class GgufWriter
{
    private const int Alignment = 32;
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    private readonly Stream _output;
    private readonly OrderedDictionary<string, byte[]> _metadata = new(StringComparer.Ordinal);
    private readonly OrderedDictionary<string, (long[] Shape, GgmlType Type, long Bytes)> _tensors = new(StringComparer.Ordinal);
    private int _tensor = -1;
    private long _left;

    /// <summary>
    /// Writes to <paramref name="output"/> from its current position, taken as the start of the file. The stream stays open.
    /// </summary>
    public GgufWriter(Stream output)
    {
        ArgumentNullException.ThrowIfNull(output);
        _output = output;
    }

    /// <summary>Bytes of tensor data declared so far, without padding.</summary>
    public long DataBytes => _tensors.Values.Sum(tensor => tensor.Bytes);

    /// <summary>Sets a string; a key set again keeps its place and takes the new value. The same holds for the other kinds.</summary>
    public void Set(string key, string value) => Put(key, GgufValueKind.String, writer => WriteString(writer, value));

    /// <summary>Sets an unsigned 32-bit integer, the kind readers expect of counts and widths.</summary>
    public void Set(string key, uint value) => Put(key, GgufValueKind.UInt32, writer => writer.Write(value));

    /// <summary>Sets an unsigned 16-bit integer.</summary>
    public void Set(string key, ushort value) => Put(key, GgufValueKind.UInt16, writer => writer.Write(value));

    /// <summary>Sets a signed 32-bit integer.</summary>
    public void Set(string key, int value) => Put(key, GgufValueKind.Int32, writer => writer.Write(value));

    /// <summary>Sets a 32-bit float.</summary>
    public void Set(string key, float value) => Put(key, GgufValueKind.Float32, writer => writer.Write(value));

    /// <summary>Sets a truth value.</summary>
    public void Set(string key, bool value) => Put(key, GgufValueKind.Bool, writer => writer.Write(value));

    /// <summary>Sets an array of strings.</summary>
    public void Set(string key, IReadOnlyList<string> values) => PutArray(key, GgufValueKind.String, values, WriteString);

    /// <summary>Sets an array of 32-bit floats.</summary>
    public void Set(string key, IReadOnlyList<float> values) =>
        PutArray(key, GgufValueKind.Float32, values, static (writer, value) => writer.Write(value));

    /// <summary>Sets an array of truth values.</summary>
    public void Set(string key, IReadOnlyList<bool> values) =>
        PutArray(key, GgufValueKind.Bool, values, (writer, value) => writer.Write(value));

    /// <summary>Sets an array of signed 32-bit integers.</summary>
    public void Set(string key, IReadOnlyList<int> values) =>
        PutArray(key, GgufValueKind.Int32, values, static (writer, value) => writer.Write(value));

    /// <summary>Sets an array of bytes.</summary>
    public void Set(string key, ReadOnlyMemory<byte> values) => Put(key, GgufValueKind.Array, writer =>
    {
        writer.Write((uint)GgufValueKind.UInt8);
        writer.Write((ulong)values.Length);
        writer.Write(values.Span);
    });

    /// <summary>Sets a value read from another file, in the same kind.</summary>
    public void Set(string key, GgufValue value)
    {
        ArgumentNullException.ThrowIfNull(value);
        Put(key, value.Kind, writer => GgufValueBytes.Write(writer, value));
    }

    /// <summary>Declares the next tensor.</summary>
    /// <param name="name">Name, unique in the file.</param>
    /// <param name="shape">1 to 4 extents, slowest-varying first, as <see cref="ModelTensor.Shape"/>.</param>
    /// <param name="type">Storage format; the last extent must fill whole blocks.</param>
    /// <exception cref="ArgumentException">The name is taken, or the shape does not fit the format.</exception>
    /// <exception cref="InvalidOperationException">Data has been begun already.</exception>
    public void DeclareTensor(string name, IReadOnlyList<long> shape, GgmlType type)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(shape);
        RequireDeclaring();
        if (shape.Count is 0 or > 4 || shape.Any(extent => extent <= 0) || shape[^1] % type.BlockSize() != 0)
        {
            throw new ArgumentException($"Tensor '{name}' of {type} cannot have the shape [{string.Join(", ", shape)}].", nameof(shape));
        }

        long elements = shape.Aggregate(1L, (product, extent) => checked(product * extent));
        _tensors.Add(name, ([.. shape], type, type.ByteCount(elements)));
    }

    /// <summary>Writes metadata and tensor table; afterwards only <see cref="Write"/> and <see cref="Finish"/> may be called.</summary>
    /// <exception cref="InvalidOperationException">Data has been begun already.</exception>
    public void BeginData()
    {
        RequireDeclaring();
        var header = new MemoryStream();
        using BinaryWriter writer = new(header, Utf8);
        writer.Write("GGUF"u8);
        writer.Write(3u);
        writer.Write((ulong)_tensors.Count);
        writer.Write((ulong)_metadata.Count);
        foreach ((string key, byte[] value) in _metadata)
        {
            WriteString(writer, key);
            writer.Write(value);
        }

        long offset = 0;
        foreach ((string name, (long[] shape, GgmlType type, long bytes)) in _tensors)
        {
            WriteString(writer, name);
            writer.Write((uint)shape.Length);
            foreach (long extent in shape.Reverse())
            {
                writer.Write((ulong)extent);
            }

            writer.Write((uint)type);
            writer.Write((ulong)offset);
            offset += bytes + Padding(bytes);
        }

        writer.Write(new byte[Padding(header.Length)]);
        header.WriteTo(_output);
        NextTensor();
    }

    /// <summary>Writes the next bytes of tensor data; a piece must not reach from one tensor into the next.</summary>
    /// <exception cref="InvalidOperationException">Data has not been begun, or more comes than was declared.</exception>
    public void Write(ReadOnlySpan<byte> data)
    {
        if (data.Length > _left)
        {
            throw new InvalidOperationException($"{data.Length} bytes were given where {_left} are left of the current tensor.");
        }

        _output.Write(data);
        _left -= data.Length;
        if (_left == 0 && _tensor >= 0 && _tensor < _tensors.Count)
        {
            _output.Write(new byte[Padding(_tensors.GetAt(_tensor).Value.Bytes)]);
            NextTensor();
        }
    }

    /// <summary>Checks that everything declared has been written.</summary>
    /// <exception cref="InvalidOperationException">Something is missing.</exception>
    public void Finish()
    {
        if (_tensor != _tensors.Count)
        {
            throw new InvalidOperationException(_tensor < 0
                ? "The data has not been begun."
                : $"Tensor '{_tensors.GetAt(_tensor).Key}' lacks {_left} bytes.");
        }
    }

    internal static void WriteString(BinaryWriter writer, string text)
    {
        byte[] bytes = Utf8.GetBytes(text);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }

    private static int Padding(long length) => (int)((Alignment - (length % Alignment)) % Alignment);

    private void NextTensor()
    {
        _tensor++;
        _left = _tensor < _tensors.Count ? _tensors.GetAt(_tensor).Value.Bytes : 0;
    }

    private void PutArray<T>(string key, GgufValueKind elementKind, IReadOnlyList<T> values, Action<BinaryWriter, T> write)
    {
        ArgumentNullException.ThrowIfNull(values);
        Put(key, GgufValueKind.Array, writer =>
        {
            writer.Write((uint)elementKind);
            writer.Write((ulong)values.Count);
            foreach (T value in values)
            {
                write(writer, value);
            }
        });
    }

    private void Put(string key, GgufValueKind kind, Action<BinaryWriter> write)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        RequireDeclaring();
        var bytes = new MemoryStream();
        using BinaryWriter writer = new(bytes, Utf8);
        writer.Write((uint)kind);
        write(writer);
        _metadata[key] = bytes.ToArray();
    }

    private void RequireDeclaring()
    {
        if (_tensor >= 0)
        {
            throw new InvalidOperationException("Metadata and tensors are declared before the data is begun.");
        }
    }
}
