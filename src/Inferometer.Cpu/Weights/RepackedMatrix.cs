using System.Runtime.InteropServices;
using Inferometer.Core.Gguf;

namespace Inferometer.Cpu.Weights;

/// <summary>One matrix in a <see cref="RepackedFile"/>.</summary>
/// <param name="Tensor">Name of the tensor it is, or is a part of.</param>
/// <param name="FirstRow">First row within that tensor.</param>
/// <param name="Rows">Outputs.</param>
/// <param name="Columns">Inputs.</param>
/// <param name="Type">Format the weights were stored in.</param>
/// <param name="Offset">First byte, counted from the first byte of the data.</param>
/// <param name="ByteCount">Bytes.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct RepackedMatrix(
    string Tensor, long FirstRow, int Rows, int Columns, GgmlType Type, long Offset, long ByteCount);
