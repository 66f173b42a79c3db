using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Inferometer.Inference.Kernels.Matrices;

/// <summary>Asking for weights before they are needed.</summary>
internal static unsafe class PanelPrefetch
{
    /// <summary>Asks for <paramref name="count"/> bytes a fixed distance ahead. The addresses may lie beyond the panel: a prefetch of nothing does nothing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Ahead(byte* position, int count)
    {
        for (int i = 0; i < count; i += 64)
        {
            Sse.Prefetch0(position + PanelScale.PrefetchBytes + i);
        }
    }
}
