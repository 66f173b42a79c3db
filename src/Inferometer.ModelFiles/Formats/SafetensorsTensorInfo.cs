using Inferometer.Core;
using Inferometer.Core.Gguf;

namespace Inferometer.ModelFiles.Formats;

/// <summary>Where one tensor lies in a safetensors file.</summary>
/// <param name="Name">Name, such as <c>model.embed_tokens.weight</c>.</param>
/// <param name="Shape">Extents, slowest-varying first; empty for a scalar. Each at least 1.</param>
/// <param name="ElementType">Type of the elements as the file names it, such as <c>BF16</c> or <c>F8_E4M3</c>.</param>
/// <param name="Offset">First byte in the file.</param>
/// <param name="ByteCount">Bytes the tensor takes.</param>
public sealed record SafetensorsTensorInfo(string Name, EquatableList<long> Shape, string ElementType, long Offset, long ByteCount)
{
    /// <summary>Element types that are read, with their bytes.</summary>
    internal static IReadOnlyDictionary<string, int> ElementTypes { get; } = new Dictionary<string, int>(StringComparer.Ordinal)
    {
        ["F64"] = 8,
        ["F32"] = 4,
        ["F16"] = 2,
        ["BF16"] = 2,
        ["F8_E4M3"] = 1,
        ["F8_E5M2"] = 1,
        ["F8_E8M0"] = 1,
        ["I64"] = 8,
        ["I32"] = 4,
        ["I16"] = 2,
        ["I8"] = 1,
        ["U64"] = 8,
        ["U32"] = 4,
        ["U16"] = 2,
        ["U8"] = 1,
        ["BOOL"] = 1,
    };

    /// <summary>Bytes of an element.</summary>
    public int ElementBytes => ElementTypes[ElementType];

    /// <summary>The format under which the tensor is found as it is; null where it can only be a part of a weight.</summary>
    public GgmlType? Type => ElementType switch
    {
        "F64" => GgmlType.F64,
        "F32" => GgmlType.F32,
        "F16" => GgmlType.F16,
        "BF16" => GgmlType.BF16,
        "I64" => GgmlType.I64,
        "I32" => GgmlType.I32,
        "I16" => GgmlType.I16,
        "I8" => GgmlType.I8,
        _ => null,
    };
}
