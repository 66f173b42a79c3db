using System.Runtime.InteropServices;

namespace Inferometer.Scheduling.Blocks;

/// <summary>A copy of one block's keys and values that an executor makes before the arithmetic of a step.</summary>
/// <param name="Source">Block to read.</param>
/// <param name="Target">Block to write.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct BlockCopy(int Source, int Target);
