namespace Inferometer.Core.Gguf;

/// <summary>Where one tensor lies in a GGUF file, or in one of the files of a split model.</summary>
/// <param name="Name">Name, such as <c>blk.0.attn_q.weight</c>.</param>
/// <param name="Shape">Extents, fastest-varying first (a weight of a linear layer is [inputs, outputs]); 1 to 4 of them, each at least
/// 1. Trailing extents of 1 are left out.</param>
/// <param name="Type">Storage format.</param>
/// <param name="Offset">Bytes from <see cref="GgufPart.DataOffset"/> to the first byte.</param>
/// <param name="ElementCount">Product of the extents.</param>
/// <param name="ByteCount">Bytes the tensor takes.</param>
public sealed record GgufTensorInfo(
    string Name,
    EquatableList<long> Shape,
    GgmlType Type,
    long Offset,
    long ElementCount,
    long ByteCount)
{
    /// <summary>Which of <see cref="GgufHeader.Parts"/> holds it.</summary>
    public int Part { get; init; }
}
