using System.Runtime.InteropServices;

namespace Inferometer.ModelFiles.Formats;

/// <summary>
/// Hints to the system about stretches of memory (Linux; elsewhere nothing happens and the system decides by itself). Advice never changes
/// what is read: a refusal costs speed or memory and nothing else, so results are not looked at.
/// </summary>
public static unsafe partial class MemoryAdvice
{
    /// <summary>Size of a huge page of x64 and of ARM with pages of 4 KiB.</summary>
    public const int HugePageBytes = 2 << 20;

    private const int DoNotNeed = 4; // MADV_DONTNEED
    private const int HugePage = 14; // MADV_HUGEPAGE

    /// <summary>
    /// Asks for huge pages: one page fault instead of 512 at the first touch, and fewer address translations when the memory is streamed.
    /// </summary>
    /// <param name="address">First byte.</param>
    /// <param name="byteCount">Length of the stretch.</param>
    public static void PreferHugePages(byte* address, long byteCount) => Advise(address, byteCount, HugePage);

    /// <summary>
    /// Gives back the pages that lie wholly inside a mapped part of a file. They stay in the system's page cache while there is room, and
    /// are mapped again when they are touched.
    /// </summary>
    /// <param name="address">First byte.</param>
    /// <param name="byteCount">Length of the stretch.</param>
    public static void ReleaseMapped(byte* address, long byteCount) => Advise(address, byteCount, DoNotNeed);

    private static void Advise(byte* address, long byteCount, int advice)
    {
        nint page = Environment.SystemPageSize;
        nint first = ((nint)address + page - 1) / page * page;
        nint end = (nint)(address + byteCount) / page * page;
        if (OperatingSystem.IsLinux() && end > first)
        {
            _ = Advise(first, end - first, advice);
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint address, nint byteCount, int advice);
}
