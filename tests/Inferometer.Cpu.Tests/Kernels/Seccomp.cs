using System.Runtime.InteropServices;

namespace Inferometer.Cpu.Tests.Kernels;

/// <summary>A filter of system calls for the calling thread (seccomp(2), Linux on x64), which stays until the thread ends.</summary>
internal static unsafe partial class Seccomp
{
    private const int SetSeccomp = 22, SetNoNewPrivileges = 38, FilterMode = 2;
    private const int Mprotect = 10, ReadAndExecute = 5, NotPermitted = 1;
    private const uint Allow = 0x7FFF0000, Refuse = 0x00050000;

    // Of the classic packet filter: load a word, jump if equal, return.
    private const ushort Load = 0x20, JumpIfEqual = 0x15, Return = 0x06;

    // In what the filter looks at: the number of the call, and the lower half of its third argument.
    private const uint NumberAt = 0, ThirdArgumentAt = 32;

    /// <summary>Makes mprotect fail (EPERM) where it would make memory readable and executable; false where no filter can be set.</summary>
    public static bool TryRefuseExecutableMemory()
    {
        Instruction* program = stackalloc Instruction[]
        {
            new() { Code = Load, Value = NumberAt },
            new() { Code = JumpIfEqual, Then = 0, Otherwise = 3, Value = Mprotect },
            new() { Code = Load, Value = ThirdArgumentAt },
            new() { Code = JumpIfEqual, Otherwise = 1, Value = ReadAndExecute },
            new() { Code = Return, Value = Refuse | NotPermitted },
            new() { Code = Return, Value = Allow },
        };
        Filter filter = new() { Length = 6, Program = program };
        return Control(SetNoNewPrivileges, 1, null, 0, 0) == 0 && Control(SetSeccomp, FilterMode, &filter, 0, 0) == 0;
    }

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int Control(int option, nint value, void* pointer, nint fourth, nint fifth);

    [StructLayout(LayoutKind.Sequential)]
    private struct Instruction
    {
        public ushort Code;
        public byte Then, Otherwise;
        public uint Value;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Filter
    {
        public ushort Length;
        public Instruction* Program;
    }
}
