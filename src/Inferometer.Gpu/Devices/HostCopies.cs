using ILGPU;
using ILGPU.Runtime;

namespace Inferometer.Gpu.Devices;

/// <summary>
/// Copies between the device and arrays of the host, which the collector must not move meanwhile: ILGPU's own by reference do not keep
/// them in place, so that a collection in such a copy leaves the array as it was and writes elsewhere.
/// </summary>
internal static unsafe class HostCopies
{
    /// <summary>Fills <paramref name="target"/> with the first elements of a view; what was launched before has ended then.</summary>
    public static void Fetch<T>(this ArrayView<T> source, Span<T> target)
        where T : unmanaged
    {
        fixed (T* first = target)
        {
            if (first is not null)
            {
                source.SubView(0, target.Length).CopyToCPU(ref *first, target.Length);
            }
        }
    }

    /// <summary>Writes <paramref name="source"/> to the beginning of a view.</summary>
    public static void Fill<T>(this ArrayView<T> target, ReadOnlySpan<T> source)
        where T : unmanaged
    {
        fixed (T* first = source)
        {
            if (first is not null)
            {
                target.SubView(0, source.Length).CopyFromCPU(ref *first, source.Length);
            }
        }
    }
}
