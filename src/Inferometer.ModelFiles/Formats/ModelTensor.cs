using Inferometer.Core;
using Inferometer.Core.Gguf;
using Inferometer.ModelFiles.Quantization;

namespace Inferometer.ModelFiles.Formats;

/// <summary>
/// One tensor in memory, mapped or put together: name, shape, format and raw bytes. Rows are contiguous; quantised rows are whole blocks.
/// Thread-safe; usable until the <see cref="ITensorSource"/> it came from is disposed.
/// </summary>
public sealed unsafe class ModelTensor
{
    private readonly TensorBytes _bytes;

    internal ModelTensor(MappedFile file, string name, EquatableList<long> shape, GgmlType type, long offset, long byteCount)
        : this(new MappedBytes(file, offset), name, shape, type, byteCount)
    {
    }

    internal ModelTensor(TensorBytes bytes, string name, EquatableList<long> shape, GgmlType type, long byteCount)
    {
        _bytes = bytes;
        Name = name;
        Shape = shape;
        Type = type;
        ByteCount = byteCount;
        Columns = shape.Count == 0 ? 1 : shape[^1];
        ElementCount = 1;
        foreach (long extent in shape)
        {
            ElementCount *= extent;
        }
    }

    /// <summary>Name as in the file, such as <c>blk.0.attn_q.weight</c> or <c>model.layers.0.self_attn.q_proj.weight</c>.</summary>
    public string Name { get; }

    /// <summary>Extents, slowest-varying first (a weight of a linear layer is [outputs, inputs]); empty for a scalar.</summary>
    public EquatableList<long> Shape { get; }

    /// <summary>Storage format.</summary>
    public GgmlType Type { get; }

    /// <summary>Product of the extents.</summary>
    public long ElementCount { get; }

    /// <summary>The last extent: values in a row.</summary>
    public long Columns { get; }

    /// <summary>Product of all extents but the last; 1 for a vector.</summary>
    public long Rows => ElementCount / Columns;

    /// <summary>Bytes of the whole tensor.</summary>
    public long ByteCount { get; }

    /// <summary>Bytes of a row.</summary>
    public long RowByteCount => ByteCount / Rows;

    /// <summary>Path of the file that holds the tensor, for messages.</summary>
    public string Source => _bytes.Path;

    /// <summary>
    /// First byte in mapped memory; <see cref="ByteCount"/> bytes follow. Valid until the source is disposed. Aligned as the file is:
    /// 32 bytes in GGUF files as a rule, in safetensors no more than the file's writer saw to.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The source was disposed.</exception>
    public byte* Data => _bytes.Address;

    /// <summary>
    /// Where <see cref="Data"/> will be: the same, but a weight that has to be put together from several tensors is not yet. For looking at
    /// places without reading.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The source was disposed.</exception>
    public byte* Place => _bytes.Reserved;

    /// <summary>A stretch of the raw bytes.</summary>
    /// <param name="offset">First byte within the tensor.</param>
    /// <param name="count">Number of bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">The stretch leaves the tensor.</exception>
    public ReadOnlySpan<byte> Bytes(long offset, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, ByteCount - count);
        return new ReadOnlySpan<byte>(Data + offset, count);
    }

    /// <summary>
    /// Lets the system take back the memory of rows that will not be read soon; what is read nevertheless comes from the file again. Linux;
    /// elsewhere the system does so when it needs the memory. Nobody may be reading them: a weight that was put together from several
    /// tensors is gone once all of its rows were released, and put together again by the next reader.
    /// </summary>
    /// <param name="firstRow">First row.</param>
    /// <param name="rows">Number of rows.</param>
    public void ReleaseRows(long firstRow, long rows) => _bytes.Release(firstRow * RowByteCount, rows * RowByteCount);

    /// <summary>
    /// Whether rows can be read while <see cref="ReleaseRows"/> runs, and after it: so of a file mapped as it is, not of a tensor that was
    /// worked out of others.
    /// </summary>
    public bool OutlivesRelease => _bytes.OutlivesRelease;

    /// <summary>The raw bytes of one row.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public ReadOnlySpan<byte> Row(long row) => Bytes(row * RowByteCount, checked((int)RowByteCount));

    /// <summary>Decodes one row to floats.</summary>
    /// <param name="row">Row, from 0.</param>
    /// <param name="destination">Exactly <see cref="Columns"/> values.</param>
    /// <exception cref="InferometerException">The storage format cannot be decoded.</exception>
    public void DecodeRow(long row, Span<float> destination)
    {
        RequireDecodable();
        BlockCodec.Decode(Type, Row(row), destination);
    }

    /// <summary>Decodes the whole tensor into a new array; for vectors and small matrices.</summary>
    /// <exception cref="InferometerException">The storage format cannot be decoded, or the tensor has more values than an array
    /// holds.</exception>
    public float[] DecodeAll()
    {
        RequireDecodable();
        if (ElementCount > Array.MaxLength || ByteCount > Array.MaxLength)
        {
            throw new InferometerException($"{Source}: tensor '{Name}' with {ElementCount} values is too large to decode at once.");
        }

        var values = new float[ElementCount];
        BlockCodec.Decode(Type, Bytes(0, (int)ByteCount), values);
        return values;
    }

    /// <summary>Name, shape and format for display.</summary>
    public override string ToString() => $"{Name} [{string.Join(", ", Shape)}] {Type}";

    private void RequireDecodable()
    {
        if (!BlockCodec.IsSupported(Type))
        {
            throw new InferometerException(
                $"{Source}: tensor '{Name}' is stored as {Type}, which is not supported. Supported: {string.Join(", "
                    + $"", BlockCodec.SupportedTypes)}.");
        }
    }
}
