using Inferometer.Core;
using Inferometer.Core.Gguf;
using Inferometer.ModelFiles.Formats;

namespace Inferometer.ModelFiles.Layouts;

/// <summary>A tensor of unquantised numbers that are elements of another, in another order: transposed, or every second one.</summary>
internal sealed class GatheredElements : PackedWeight
{
    private readonly ModelTensor _source;
    private readonly Func<long, long, long> _elementOf;
    private readonly int _elementBytes;

    /// <param name="source">The tensor in the file.</param>
    /// <param name="name">The name the new tensor goes by.</param>
    /// <param name="shape">Its extents, slowest-varying first.</param>
    /// <param name="elementOf">The element of the source at a row and a column.</param>
    /// <exception cref="InferometerException">The source is stored in blocks, whose elements have no places of their own.</exception>
    public GatheredElements(ModelTensor source, string name, EquatableList<long> shape, Func<long, long, long> elementOf)
        : base(source.Source, name, shape, source.Type)
    {
        if (source.Type.IsQuantized())
        {
            throw new InferometerException(
                $"{source.Source}: tensor '{source.Name}' is stored as {source.Type}, but its elements have to be put in another order; "
                    + "it must be F32, F16 or BF16.");
        }

        (_source, _elementOf) = (source, elementOf);
        _elementBytes = (int)source.Type.ByteCount(1);
    }

    public override unsafe void WriteRow(long row, Span<byte> destination)
    {
        byte* data = _source.Data;
        for (long column = 0; column < Columns; column++)
        {
            new ReadOnlySpan<byte>(data + (_elementOf(row, column) * _elementBytes), _elementBytes)
                .CopyTo(destination[((int)column * _elementBytes)..]);
        }
    }
}
