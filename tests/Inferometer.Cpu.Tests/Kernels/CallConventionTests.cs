using System.Globalization;
using Inferometer.Cpu.Kernels;
using Inferometer.Cpu.Kernels.Emitted;
using Inferometer.Cpu.Kernels.Matrices;

namespace Inferometer.Cpu.Tests.Kernels;

/// <summary>
/// Every kernel of machine code as a function for Windows, called on Linux by way of a few instructions that call as Windows does: the same
/// results as the function for System V, and the caller's registers as they were.
/// </summary>
public sealed unsafe class CallConventionTests
{
    private const int BufferBytes = 1 << 18;
    private const int Rbx = 3;

    // Of the registers that Windows wants back: ten vectors' lower quarters, RDI and RSI.
    private const int KeptVectors = 10, KeptBytes = (16 * KeptVectors) + 16;

    private static readonly (string Name, Func<Assembler> Write, Func<Inputs, int, nint[]> Arguments)[] s_kernels =
    [
        ("Q4_0", () => Block32Code.Small<Q4_0Format>(288, 32), Multiply),
        ("Q4_1", () => Block32Code.Small<Q4_1Format>(320, 64), Multiply),
        ("Q5_0", () => Block32Code.Small<Q5_0Format>(352, 32), Multiply),
        ("Q5_1", () => Block32Code.Small<Q5_1Format>(384, 64), Multiply),
        ("Q8_0", () => Block32Code.Bytes(544, 32), Multiply),
        ("IQ4_NL", () => Block32Code.Table<IQ4_NLFormat>(288), Multiply),
        ("IQ4_XS", () => Block32Code.Table<IQ4_XSFormat>(272), Multiply),
        ("MXFP4", () => Block32Code.Table<MXFP4Format>(272), Multiply),
        ("NVFP4", () => NVFP4Code.Write(576, 64, 12), Multiply),
        ("Q4_K", () => Block256Code.SixBitScales(2368, 64, 320, 320), Block256),
        ("Q5_K", () => Block256Code.SixBitScales(2880, 64, 320, 832), Block256),
        ("Q6_K", () => Block256Code.SixBits(32, 288), Block256),
        ("Q2_K", () => LowBitCode.Write<Q2_KFormat>(32, 64, 320, 320), LowBits),
        ("Q3_K", () => LowBitCode.Write<Q3_KFormat>(32, 32, 288, 800), LowBits),
        ("13 bits", () => FinePanelCode.Write(1088), Multiply),
        ("F16 rows", HalfRowCode.Apart, Rows),
        ("F16 tile, 256 bits", () => WidenedTileCode.Write(3, 4, false), Tile),
        ("F16 rows, 256 bits", () => WidenedTileCode.Write(4, 1, false), Tile),
        ("BF16 tile, 256 bits", () => WidenedTileCode.Write(3, 4, true), Tile),
        ("BF16 rows, 256 bits", () => WidenedTileCode.Write(4, 1, true), Tile),
    ];

    public static TheoryData<string> Kernels() => [.. s_kernels.Select(kernel => kernel.Name)];

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Windows_gets_the_same_results_and_its_registers_back(string name)
    {
        bool isUsed = EmittedKernels.IsSupported
            || (EmittedKernels.AreHalvesSupported && name.EndsWith("256 bits", StringComparison.Ordinal));
        Assert.SkipUnless(OperatingSystem.IsLinux() && isUsed, "kernels of machine code are not used here");
        (_, Func<Assembler> write, Func<Inputs, int, nint[]> arguments) =
            s_kernels.Single(kernel => string.Equals(kernel.Name, name, StringComparison.Ordinal));
        Assembler code = write();
        void* systemV = ExecutableCode.TryPlace(code.ToFunction(CallConvention.SystemV));
        void* windows = ExecutableCode.TryPlace(code.ToFunction(CallConvention.Windows));
        void* caller = ExecutableCode.TryPlace(new(CallAsWindows(), []));
        Assert.True(systemV is not null && windows is not null && caller is not null);
        foreach (int tokens in (int[])[1, 2, 4, 7, 9])
        {
            using Inputs one = new(), other = new();
            nint[] a = arguments(one, tokens), b = arguments(other, tokens);
            ((delegate* unmanaged<nint, nint, nint, nint, nint, void>)systemV)(a[0], a[1], a[2], a[3], a[4]);
            byte[] before = new byte[KeptBytes], after = new byte[KeptBytes];
            new Random(tokens).NextBytes(before);
            fixed (nint* passed = b)
            fixed (byte* set = before, found = after)
            {
                ((delegate* unmanaged<void*, nint*, byte*, byte*, void>)caller)(windows, passed, set, found);
            }

            Assert.Equal(before, after);
            Assert.True(one.Result.ContainsAnyExcept((byte)0), "nothing was written");
            Assert.True(one.Result.SequenceEqual(other.Result), $"{tokens} tokens differ");
        }
    }

    /// <summary>A function that gives back less must not pass: one whose vector registers nobody kept.</summary>
    [Fact]
    public void A_function_that_keeps_nothing_is_caught()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && EmittedKernels.IsSupported, "kernels of machine code are not used here");
        Assembler code = new();
        code.Vpxord(new(6), new(6), new(6));
        code.Mov(Gpr.Rsi, 0u);
        void* function = ExecutableCode.TryPlace(code.ToFunction(CallConvention.SystemV));
        void* caller = ExecutableCode.TryPlace(new(CallAsWindows(), []));
        byte[] before = new byte[KeptBytes], after = new byte[KeptBytes];
        Array.Fill<byte>(before, 0x5A);
        nint[] none = new nint[5];
        fixed (nint* passed = none)
        fixed (byte* set = before, found = after)
        {
            ((delegate* unmanaged<void*, nint*, byte*, byte*, void>)caller)(function, passed, set, found);
        }

        int[] changed = [.. Enumerable.Range(0, KeptBytes).Where(i => before[i] != after[i])];
        Assert.Equal([.. Enumerable.Range(0, 16), .. Enumerable.Range(KeptBytes - 8, 8)], changed);
    }

    /// <summary>
    /// Unwinding by what Windows is told (the rules for UNWIND_INFO in "x64 exception handling"), step by step, from a state in which the
    /// frame holds numbers that say what belongs there.
    /// </summary>
    [Theory]
    [MemberData(nameof(Kernels))]
    public void Windows_is_told_where_the_registers_are(string name)
    {
        Assembler code = s_kernels.Single(kernel => string.Equals(kernel.Name, name, StringComparison.Ordinal)).Write();
        MachineFunction function = code.ToFunction(CallConvention.Windows);
        byte[] info = function.UnwindInfo;
        Assert.Equal(1, info[0]);
        Assert.Equal(0, info[3]);
        Assert.Equal(info.Length, 4 + (2 * info[2]));
        Assert.Equal(0, info[2] % 2);
        List<(string Text, int Offset, int End)> prologue = [.. Disassembly.Of(function.Code).TakeWhile(line => line.Offset < info[1])];
        List<string> expected = [];
        for (int i = 4; i < info.Length; i += 4)
        {
            (int end, int operation, int detail) = (info[i], info[i + 1] & 15, info[i + 1] >> 4);
            int number = info[i + 2] | info[i + 3] << 8;
            string text = operation switch
            {
                1 when detail == 0 => $"sub ${Hex(number * 8)},%rsp",
                4 when detail is 6 or 7 => $"mov %{(detail == 7 ? "rdi" : "rsi")},{Hex(number * 8)}(%rsp)",
                8 => string.Create(CultureInfo.InvariantCulture, $"vmovaps %xmm{detail},{Hex(number * 16)}(%rsp)"),
                _ => "unknown",
            };
            Assert.Equal(end, prologue[^(expected.Count + 1)].End);
            expected.Add(text);
        }

        expected.Reverse();
        Assert.Equal(expected, prologue.Select(line => line.Text));

        // And the end undoes each of them.
        string[] epilogue =
        [
            .. Disassembly.Of(function.Code).Select(line => line.Text)
                .Reverse().TakeWhile(text => !string.Equals(text, "vzeroupper", StringComparison.Ordinal)).Reverse(),
        ];
        Assert.Equal(["ret"], epilogue[^1..]);
        Assert.Equal(expected[0].Replace("sub", "add", StringComparison.Ordinal), epilogue[^2]);
        Assert.Equal(
            expected.Skip(1).Select(text => text.Split(' ')[1].Split(',')).Select(operands => $"{operands[1]},{operands[0]}"),
            epilogue[..^2].Select(text => text.Split(' ')[1]));
    }

    private static string Hex(int number) => string.Create(CultureInfo.InvariantCulture, $"0x{number:x}");

    private static nint[] Multiply(Inputs inputs, int tokens) => [inputs.Weights, 3, inputs.Activations, tokens, inputs.Sums];

    private static nint[] Block256(Inputs inputs, int tokens) => [inputs.Weights, inputs.Activations, tokens, inputs.Sums, 0];

    private static nint[] LowBits(Inputs inputs, int tokens) =>
        [inputs.Weights, inputs.Activations, tokens, inputs.Sums + (BufferBytes / 2), inputs.Sums];

    private static nint[] Rows(Inputs inputs, int tokens) =>
        [inputs.Weights, inputs.Weights + 4096, inputs.Activations, 16 * tokens, inputs.Sums];

    private static nint[] Tile(Inputs inputs, int tokens)
    {
        *(nint*)inputs.Sums = inputs.Weights; // what is asked for ahead
        return [inputs.Weights, 4096, inputs.Activations, 24 * tokens, inputs.Sums];
    }

    // (function, five arguments, what to put into the registers, where to put what is in them afterwards), System V. RBX, RBP and R12 are
    // the same function's to keep under both conventions.
    private static byte[] CallAsWindows()
    {
        List<byte> code = [];
        code.AddRange([0x53, 0x41, 0x54, 0x48, 0x83, 0xEC, 0x38]); // push rbx; push r12; sub rsp, 56: aligned to 16
        code.AddRange([0x48, 0x89, 0xD3, 0x49, 0x89, 0xCC, 0x48, 0x89, 0xF8]); // mov rbx, rdx; mov r12, rcx; mov rax, rdi
        code.AddRange([0x48, 0x8B, 0x4E, 0x00, 0x48, 0x8B, 0x56, 0x08]); // mov rcx, [rsi]; mov rdx, [rsi + 8]
        code.AddRange([0x4C, 0x8B, 0x46, 0x10, 0x4C, 0x8B, 0x4E, 0x18]); // mov r8, [rsi + 16]; mov r9, [rsi + 24]
        code.AddRange([0x4C, 0x8B, 0x56, 0x20, 0x4C, 0x89, 0x54, 0x24, 0x20]); // mov r10, [rsi + 32]; mov [rsp + 32], r10
        for (int i = 0; i < KeptVectors; i++)
        {
            Vector(0x10, 6 + i, Rbx, 16 * i);
        }

        code.AddRange([0x48, 0x8B, 0xBB, 160, 0, 0, 0, 0x48, 0x8B, 0xB3, 168, 0, 0, 0]); // mov rdi, [rbx + 160]; mov rsi, [rbx + 168]
        code.AddRange([0xFF, 0xD0]); // call rax
        for (int i = 0; i < KeptVectors; i++)
        {
            Vector(0x11, 6 + i, 12, 16 * i);
        }

        code.AddRange([0x49, 0x89, 0xBC, 0x24, 160, 0, 0, 0, 0x49, 0x89, 0xB4, 0x24, 168, 0, 0, 0]); // mov [r12 + 160], rdi, ...
        code.AddRange([0x48, 0x83, 0xC4, 0x38, 0x41, 0x5C, 0x5B, 0xC3]); // add rsp, 56; pop r12; pop rbx; ret
        return [.. code];

        // movups between a vector and [base + distance].
        void Vector(byte opcode, int vector, int address, int distance)
        {
            int rex = 0x40 | (vector >= 8 ? 4 : 0) | (address >= 8 ? 1 : 0);
            code.AddRange([(byte)rex, 0x0F, opcode, (byte)(0x80 | (vector & 7) << 3 | address & 7)]);
            if ((address & 7) == 4)
            {
                code.Add(0x24);
            }

            code.AddRange(BitConverter.GetBytes(distance));
        }
    }

    /// <summary>Random bytes to read, and zeros to add to.</summary>
    private sealed class Inputs : IDisposable
    {
        private readonly NativeBuffer _buffer = new(3 * BufferBytes);

        public Inputs()
        {
            new Random(1).NextBytes(new Span<byte>((byte*)Weights, 2 * BufferBytes));
            Result.Clear();
        }

        public nint Weights => (nint)_buffer.Address;

        public nint Activations => Weights + BufferBytes;

        public nint Sums => Activations + BufferBytes;

        public Span<byte> Result => new((byte*)Sums, BufferBytes);

        public void Dispose() => _buffer.Dispose();
    }
}
