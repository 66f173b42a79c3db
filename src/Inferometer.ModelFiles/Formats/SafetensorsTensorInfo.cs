using Inferometer.Core;
using Inferometer.Core.Gguf;

namespace Inferometer.ModelFiles.Formats;

/// <summary>Where one tensor lies in a safetensors file.</summary>
/// <param name="Name">Name, such as <c>model.embed_tokens.weight</c>.</param>
/// <param name="Shape">Extents, slowest-varying first; empty for a scalar. Each at least 1.</param>
/// <param name="Type">F32, F16 or BF16.</param>
/// <param name="Offset">First byte in the file.</param>
/// <param name="ByteCount">Bytes the tensor takes.</param>
public sealed record SafetensorsTensorInfo(string Name, EquatableList<long> Shape, GgmlType Type, long Offset, long ByteCount);
