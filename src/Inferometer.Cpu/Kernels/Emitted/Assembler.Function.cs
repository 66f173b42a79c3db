namespace Inferometer.Cpu.Kernels.Emitted;

/// <content>
/// Instructions as a function. They are written for <see cref="CallConvention.SystemV"/>; for Windows, a beginning moves the arguments to
/// where they expect them and keeps what they change, and an end gives it back.
/// </content>
internal sealed partial class Assembler
{
    private const int Rsp = 4, Rdi = (int)Gpr.Rdi, Rsi = (int)Gpr.Rsi;

    // Vectors of which Windows wants the lower 128 bits back, and what keeps them: a place for each, and eight bytes that align them.
    private const int FirstKept = 6, LastKept = 15, KeptBytes = 16, FrameBytes = ((LastKept - FirstKept + 1) * KeptBytes) + 8;

    // Behind the frame and the address to return to: 32 bytes for the function to use, then the fifth argument.
    private const int OwnAt = FrameBytes + 8, FifthAt = OwnAt + 32;

    /// <summary>
    /// The instructions so far, as a function with up to five arguments: integers and addresses. It ends behind the last instruction, with
    /// the upper halves of vectors marked as unused.
    /// </summary>
    public MachineFunction ToFunction(CallConvention convention)
    {
        if (convention == CallConvention.SystemV)
        {
            Assembler plain = new();
            plain.ForgetUpperHalves();
            plain.Return();
            return new([.. _code, .. plain._code], []);
        }

        Assembler begin = new(), end = new();
        byte[] unwindInfo = begin.Enter(_vectors);
        end.Leave(_vectors);
        return new([.. begin._code, .. _code, .. end._code], unwindInfo);
    }

    private static bool IsKept(uint vectors, int vector) => (vectors >> vector & 1) != 0;

    private static int PlaceOf(int vector) => (vector - FirstKept) * KeptBytes;

    // What it says of each step stands latest first: where the instruction ends, what it does, and a number for it.
    private byte[] Enter(uint vectors)
    {
        const int AllocateLarge = 1, SaveRegister = 4, SaveVector = 8;
        List<byte> steps = [];
        void Did(int what, int detail, int number) =>
            steps.InsertRange(0, [checked((byte)_code.Count), (byte)(detail << 4 | what), checked((byte)number), 0]);

        MoveStack(5, FrameBytes);
        Did(AllocateLarge, 0, FrameBytes / 8);
        for (int vector = FirstKept; vector <= LastKept; vector++)
        {
            if (IsKept(vectors, vector))
            {
                MoveVector(0x29, vector, PlaceOf(vector));
                Did(SaveVector, vector, PlaceOf(vector) / 16);
            }
        }

        OnStack(0x89, Rdi, OwnAt);
        Did(SaveRegister, Rdi, OwnAt / 8);
        OnStack(0x89, Rsi, OwnAt + 8);
        Did(SaveRegister, Rsi, (OwnAt + 8) / 8);
        byte length = checked((byte)_code.Count);
        Mov(Gpr.Rdi, Gpr.Rcx);
        Mov(Gpr.Rsi, Gpr.Rdx);
        Mov(Gpr.Rdx, Gpr.R8);
        Mov(Gpr.Rcx, Gpr.R9);
        OnStack(0x8B, (int)Gpr.R8, FifthAt);

        // Version 1, no handler, no frame register. Every step takes two places of two bytes, so that their number is even, as it must.
        return [1, length, checked((byte)(steps.Count / 2)), 0, .. steps];
    }

    // Windows recognises an end by an addition to the stack pointer with nothing behind it but the return.
    private void Leave(uint vectors)
    {
        ForgetUpperHalves();
        for (int vector = FirstKept; vector <= LastKept; vector++)
        {
            if (IsKept(vectors, vector))
            {
                MoveVector(0x28, vector, PlaceOf(vector));
            }
        }

        OnStack(0x8B, Rdi, OwnAt);
        OnStack(0x8B, Rsi, OwnAt + 8);
        MoveStack(0, FrameBytes);
        Return();
    }

    private void ForgetUpperHalves() => _code.AddRange([0xC5, 0xF8, 0x77]);

    private void Return() => _code.Add(0xC3);

    // Adds to the stack pointer (0) or subtracts from it (5).
    private void MoveStack(int operation, int bytes)
    {
        _code.AddRange([0x48, 0x81]);
        Registers(operation, Rsp);
        Add32(bytes);
    }

    // 128 aligned bits between a vector and the stack, VEX prefix.
    private void MoveVector(byte opcode, int vector, int distance)
    {
        _code.AddRange([0xC5, (byte)(vector >= 8 ? 0x78 : 0xF8), opcode]);
        StackDistance(vector, distance);
    }

    // 64 bits between a register and the stack.
    private void OnStack(byte opcode, int register, int distance)
    {
        _code.AddRange([(byte)(register >= 8 ? 0x4C : 0x48), opcode]);
        StackDistance(register, distance);
    }

    private void StackDistance(int register, int distance)
    {
        _code.AddRange([(byte)(0x80 | (register & 7) << 3 | Rsp), 0x24]);
        Add32(distance);
    }
}
