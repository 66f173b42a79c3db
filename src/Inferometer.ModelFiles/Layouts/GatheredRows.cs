using Inferometer.Core;
using Inferometer.ModelFiles.Formats;

namespace Inferometer.ModelFiles.Layouts;

/// <summary>A tensor whose rows are rows of another, in another order; whatever format they are in.</summary>
/// <param name="source">The tensor in the file.</param>
/// <param name="name">The name the new tensor goes by.</param>
/// <param name="shape">Its extents, slowest-varying first; the last is the source's.</param>
/// <param name="rowOf">The source row of each of its rows.</param>
internal sealed class GatheredRows(ModelTensor source, string name, EquatableList<long> shape, Func<long, long> rowOf)
    : PackedWeight(source.Source, name, shape, source.Type)
{
    public override void WriteRow(long row, Span<byte> destination) => source.Row(rowOf(row)).CopyTo(destination);
}
