using System.Runtime.InteropServices;

namespace Inferometer.Cpu.Kernels.Emitted;

/// <summary>
/// Memory with machine code. It is written first and executable afterwards, never both, and stays until the process ends.
/// </summary>
internal static unsafe partial class ExecutableCode
{
    // Linux.
    private const int Read = 1, Write = 2, Execute = 4;
    private const int PrivateAnonymous = 0x22;

    // Windows.
    private const uint ReserveAndCommit = 0x3000, ReadWrite = 4, ExecuteRead = 0x20, Release = 0x8000;
    private const int CurrentProcess = -1;

    /// <summary>
    /// Puts a function into memory of its own, Windows told how to unwind it; null where the system does not give memory that may be
    /// executed (hardened kernels, some sandboxes).
    /// </summary>
    public static void* TryPlace(in MachineFunction function) =>
        OperatingSystem.IsWindows() ? TryPlaceOnWindows(function) : TryPlaceOnLinux(function.Code);

    private static void* TryPlaceOnLinux(byte[] code)
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

    // Code, what unwinding needs, and the entry that names both, by their distances from the code's first byte.
    private static void* TryPlaceOnWindows(in MachineFunction function)
    {
        const int Alignment = 4;
        int unwindAt = (function.Code.Length + Alignment - 1) / Alignment * Alignment;
        int entryAt = unwindAt + ((function.UnwindInfo.Length + Alignment - 1) / Alignment * Alignment);
        nuint length = (nuint)(entryAt + sizeof(UnwindEntry));
        byte* memory = (byte*)VirtualAlloc(null, length, ReserveAndCommit, ReadWrite);
        if (memory is null)
        {
            return null;
        }

        function.Code.CopyTo(new Span<byte>(memory, function.Code.Length));
        function.UnwindInfo.CopyTo(new Span<byte>(memory + unwindAt, function.UnwindInfo.Length));
        UnwindEntry* entry = (UnwindEntry*)(memory + entryAt);
        *entry = new UnwindEntry { End = (uint)function.Code.Length, UnwindInfo = (uint)unwindAt };
        if (VirtualProtect(memory, length, ExecuteRead, out _) != 0
            && FlushInstructionCache(CurrentProcess, memory, length) != 0
            && RtlAddFunctionTable(entry, 1, (ulong)memory) != 0)
        {
            return memory;
        }

        _ = VirtualFree(memory, 0, Release);
        return null;
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial void* Map(void* address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(void* address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(void* address, nuint length);

    [LibraryImport("kernel32")]
    private static partial void* VirtualAlloc(void* address, nuint length, uint kind, uint protection);

    [LibraryImport("kernel32")]
    private static partial int VirtualProtect(void* address, nuint length, uint protection, out uint before);

    [LibraryImport("kernel32")]
    private static partial int VirtualFree(void* address, nuint length, uint kind);

    [LibraryImport("kernel32")]
    private static partial int FlushInstructionCache(nint process, void* address, nuint length);

    // A byte in the end, of which the upper bits of a register say nothing.
    [LibraryImport("kernel32")]
    private static partial byte RtlAddFunctionTable(UnwindEntry* table, uint count, ulong baseAddress);

    /// <summary>RUNTIME_FUNCTION: distances from the base address.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct UnwindEntry
    {
        public uint Begin, End, UnwindInfo;
    }
}
