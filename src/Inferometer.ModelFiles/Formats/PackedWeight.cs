using Inferometer.Core;
using Inferometer.Core.Gguf;

namespace Inferometer.ModelFiles.Formats;

/// <summary>
/// A weight that a checkpoint keeps in several tensors (integers, scales, zero points), and how it is put together in a format that there
/// are kernels for. Immutable; thread-safe.
/// </summary>
internal abstract class PackedWeight
{
    /// <summary>Describes the weight.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="name">The name it would have as a plain tensor.</param>
    /// <param name="shape">Its extents, slowest-varying first.</param>
    /// <param name="type">The format it is put together in.</param>
    protected PackedWeight(string path, string name, EquatableList<long> shape, GgmlType type)
    {
        (Path, Name, Shape, Type) = (path, name, shape, type);
        Columns = shape[^1];
        Rows = shape.Aggregate(1L, (product, extent) => product * extent) / Columns;
    }

    /// <summary>The file, for messages.</summary>
    public string Path { get; }

    /// <summary>The name it would have as a plain tensor.</summary>
    public string Name { get; }

    /// <summary>Extents, slowest-varying first.</summary>
    public EquatableList<long> Shape { get; }

    /// <summary>The format it is put together in.</summary>
    public GgmlType Type { get; }

    /// <summary>Values in a row.</summary>
    public long Columns { get; }

    /// <summary>Rows.</summary>
    public long Rows { get; }

    /// <summary>Bytes of a row in <see cref="Type"/>.</summary>
    public long RowByteCount => Type.ByteCount(Columns);

    /// <summary>Bytes of all rows.</summary>
    public long ByteCount => RowByteCount * Rows;

    /// <summary>Puts one row together.</summary>
    /// <param name="row">Row, from 0.</param>
    /// <param name="destination">Exactly <see cref="RowByteCount"/> bytes.</param>
    public abstract void WriteRow(long row, Span<byte> destination);
}
