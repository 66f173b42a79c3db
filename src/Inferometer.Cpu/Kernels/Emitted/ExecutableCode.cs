using System.Runtime.InteropServices;

namespace Inferometer.Cpu.Kernels.Emitted;

/// <summary>
/// Memory with machine code. It is written first and executable afterwards, never both, and stays until the process ends.
/// </summary>
internal static unsafe partial class ExecutableCode
{
    private const int Read = 1, Write = 2, Execute = 4;
    private const int PrivateAnonymous = 0x22;

    /// <summary>
    /// Puts <paramref name="code"/> into memory of its own; null where the system does not give memory that may be executed (hardened
    /// kernels, some sandboxes).
    /// </summary>
    public static void* TryPlace(ReadOnlySpan<byte> code)
    {
        nuint length = (nuint)code.Length;
        void* memory = Map(null, length, Read | Write, PrivateAnonymous, -1, 0);
        if ((nint)memory == -1)
        {
            return null;
        }

        code.CopyTo(new Span<byte>(memory, code.Length));
        if (Protect(memory, length, Read | Execute) == 0)
        {
            return memory;
        }

        _ = Unmap(memory, length);
        return null;
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial void* Map(void* address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(void* address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(void* address, nuint length);
}
