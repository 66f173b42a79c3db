using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Inferometer.Cpu.Kernels.Emitted;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>
/// Asking for weights before they are needed, by kernels that multiply a block with several tokens and so come to the next one late. One
/// token's single stream is on AMD's Zen 4 better left to the processor's own prefetching: asking as well cost 10 to 25 % of the
/// bandwidth (two threads at 58 GB/s). Others read faster when asked: Sapphire Rapids by a fifth (two threads at 20 GB/s), Zen 5 by 12 to
/// 17 % in Q4_0 and Q8_0, and 2.3 times as fast in Q4_K and Q6_K, whose blocks of several parts it does not foresee, and Zen 3 by 5 to
/// 50 % (docs/benchmarks.md). On AMD's processors before it nobody has looked.
/// </summary>
internal static unsafe class PanelPrefetch
{
    private const int LineBytes = 64;

    private static readonly bool s_helpsOneToken = X86Base.IsSupported && !IsZen4();

    /// <summary>
    /// Whether rows of plain floats are best read two at a time that lie far apart. On Zen 5 (two threads, F16 in the pages of its file)
    /// 73 GB/s where one row after another had 65 and plain reading 73, with 5632 columns 71 and 61; on Sapphire Rapids F16 generates
    /// faster than with rows side by side, too (docs/benchmarks.md). Zen 4 keeps rows side by side, which served it better; vectors of
    /// 256 bits do everywhere.
    /// </summary>
    public static bool PrefersRowsApart { get; } = s_helpsOneToken;

    /// <summary>Whether to ask at all.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Helps(int tokens) => tokens > 1 || s_helpsOneToken;

    /// <summary>
    /// Asks for <paramref name="count"/> bytes, a constant of at most 12 cache lines, a fixed distance ahead; written out, since the
    /// compiler keeps such a loop as a loop. The addresses may lie beyond the panel: a prefetch of nothing does nothing.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Ahead(byte* position, int count)
    {
        position += PanelScale.PrefetchBytes;
        Line(position, 0, count);
        Line(position, 1, count);
        Line(position, 2, count);
        Line(position, 3, count);
        Line(position, 4, count);
        Line(position, 5, count);
        Line(position, 6, count);
        Line(position, 7, count);
        Line(position, 8, count);
        Line(position, 9, count);
        Line(position, 10, count);
        Line(position, 11, count);
    }

    /// <summary>Writes the same for machine code, where one token's stream is left alone on processors that lose by asking.</summary>
    /// <param name="code">Where it is written to.</param>
    /// <param name="panel">Holds the address from which <paramref name="offset"/> counts.</param>
    /// <param name="tokens">Holds the number of tokens.</param>
    /// <param name="free">Is overwritten.</param>
    /// <param name="offset">Of the first line, bytes.</param>
    /// <param name="bytes">To ask for.</param>
    public static void Write(Assembler code, Gpr panel, Gpr tokens, Gpr free, int offset, int bytes)
    {
        if (s_helpsOneToken)
        {
            Write(code, panel, offset, bytes);
            return;
        }

        code.Mov(free, tokens);
        code.Sub(free, 1);
        code.SkipIfZero(() => Write(code, panel, offset, bytes));
    }

    /// <summary>Writes the same for kernels of several tokens.</summary>
    /// <param name="code">Where it is written to.</param>
    /// <param name="panel">Holds the address from which <paramref name="offset"/> counts.</param>
    /// <param name="offset">Of the first line, bytes.</param>
    /// <param name="bytes">To ask for.</param>
    public static void Write(Assembler code, Gpr panel, int offset, int bytes)
    {
        for (int line = 0; line < bytes; line += LineBytes)
        {
            code.Prefetcht0(new(panel, PanelScale.PrefetchBytes + offset + line));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Line(byte* position, int line, int count)
    {
        if (line * LineBytes < count)
        {
            Sse.Prefetch0(position + line * LineBytes);
        }
    }

    // Family 25 is Zen 3 too; the models are those of AMD's revision guides.
    private static bool IsZen4()
    {
        // "AuthenticAMD", in the order of the registers.
        bool isAmd = X86Base.CpuId(0, 0) is (_, 0x68747541, 0x444D4163, 0x69746E65);
        int signature = X86Base.CpuId(1, 0).Eax;
        int family = (signature >> 8 & 15) + (signature >> 20 & 255), model = (signature >> 4 & 15) | (signature >> 12 & 0xF0);
        return isAmd && family == 25 && model is (>= 0x10 and <= 0x1F) or (>= 0x60 and <= 0x7F) or (>= 0xA0 and <= 0xAF);
    }
}
