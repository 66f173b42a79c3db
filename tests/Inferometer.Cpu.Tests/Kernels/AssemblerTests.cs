using System.Runtime.Intrinsics.X86;
using Inferometer.Cpu.Kernels.Emitted;
using Inferometer.Cpu.Kernels.Matrices;

namespace Inferometer.Cpu.Tests.Kernels;

/// <summary>What the assembler writes, as another program reads it: GNU's objdump.</summary>
public sealed class AssemblerTests
{
    [Fact]
    public void Instructions_are_what_a_disassembler_reads()
    {
        Assembler code = new();
        code.Load(new(17), new(Gpr.Rdi, 128));
        code.Load(new(9), new(Gpr.R8, 100));
        code.Store(new(Gpr.R10, -64), new(31));
        code.Vpandd(new(1), new(18), new(30));
        code.Vpord(new(20), new(3), new(11));
        code.Vpxord(new(0), new(0), new(0));
        code.Vpaddd(new(8), new(16), new Zmm(24));
        code.Vpsrlw(new(23), new(5), 4);
        code.Vpsllw(new(2), new(29), 3);
        code.Vpdpbusd(new(3), new(23), new(Gpr.Rdx, 4 * 127));
        code.Vpdpbusd(new(19), new(6), new(Gpr.R9, 4 * 128));
        code.Vpdpwssd(new(4), new(28), new(Gpr.Rsi, 256));
        code.Vpbroadcastd(new(21), new Memory(Gpr.Rcx, 32));
        code.Vpbroadcastd(new(30), Gpr.Rax);
        code.Vpbroadcastd(new(6), Gpr.R11);
        code.Vpmovzxbd(new(24), new(Gpr.Rdi, 16 * 12));
        code.Vpmovsxbd(new(25), new(Gpr.R10, 7));
        code.Vcvtph2ps(new(26), new Memory(Gpr.Rdi, 32));
        code.Vcvtdq2ps(new(27), new Zmm(15));
        code.Vmulps(new(10), new(25), new Zmm(29));
        code.Vmulps(new(4), new(24), new Memory(Gpr.Rdx, 36));
        code.Vfmadd231ps(new(5), new(17), new(4));
        code.Vfmadd213ps(new(7), new(22), new(Gpr.R10, 192));
        code.Vpmullw(new(18), new(7), new(28));
        code.Vpminuw(new(11), new(19), new(3));
        code.Vpabsd(new(12), new(20));
        code.Vpshufb(new(21), new(13), new(29));
        code.Vpunpcklqdq(new(14), new(22), new(5));
        code.Vpsrld(new(6), new(17), 16);
        code.Vpsrad(new(25), new(2), 31);
        code.Vpslld(new(1), new(26), 5);
        code.Vpbroadcastq(new(27), Gpr.R9);
        code.Fill(new(16), 0x80000001);
        code.Vpmovzxbw(new(4), new(Gpr.Rsi, 64));
        code.Vcvtph2ps(new(23), new Zmm(8));
        code.Vscalefps(new(9), new(24), new(31));
        code.Mov(Gpr.R8, 0x0102030405060708);
        code.Mov(Gpr.Rcx, 0xF1F2F3F4F5F6F7F8);
        code.Vaddps(new(19), new(10), new(30));
        code.Vsubps(new(2), new(28), new(13));
        code.Prefetcht0(new(Gpr.Rdi, 4096));
        code.Prefetcht0(new(Gpr.R9, 64));
        code.Mov(Gpr.R10, Gpr.R8);
        code.Mov(Gpr.Rax, 0x0F0F0F0F);
        code.Mov(Gpr.R9, 7u);
        code.Add(Gpr.Rdx, 160);
        code.Sub(Gpr.R9, 4);
        code.Xor(Gpr.R10, 4096);
        code.Or(Gpr.Rdi, 8192);
        code.SkipIfZero(() => code.Add(Gpr.Rsi, -8));
        code.SkipIfNegative(() => code.JumpIfNotZero(code.Here()));
        code.JumpIfNotNegative(new(0));
        Assert.Equal(
            [
                "vmovdqu32 0x80(%rdi),%zmm17", "vmovdqu32 0x64(%r8),%zmm9", "vmovdqu32 %zmm31,-0x40(%r10)", "vpandd %zmm30,%zmm18,%zmm1",
                "vpord %zmm11,%zmm3,%zmm20", "vpxord %zmm0,%zmm0,%zmm0", "vpaddd %zmm24,%zmm16,%zmm8", "vpsrlw $0x4,%zmm5,%zmm23",
                "vpsllw $0x3,%zmm29,%zmm2", "vpdpbusd 0x1fc(%rdx){1to16},%zmm23,%zmm3",
                "vpdpbusd 0x200(%r9){1to16},%zmm6,%zmm19", "vpdpwssd 0x100(%rsi){1to16},%zmm28,%zmm4", "vpbroadcastd 0x20(%rcx),%zmm21",
                "vpbroadcastd %eax,%zmm30", "vpbroadcastd %r11d,%zmm6", "vpmovzxbd 0xc0(%rdi),%zmm24", "vpmovsxbd 0x7(%r10),%zmm25",
                "vcvtph2ps 0x20(%rdi),%zmm26", "vcvtdq2ps %zmm15,%zmm27", "vmulps %zmm29,%zmm25,%zmm10",
                "vmulps 0x24(%rdx){1to16},%zmm24,%zmm4", "vfmadd231ps %zmm4,%zmm17,%zmm5", "vfmadd213ps 0xc0(%r10),%zmm22,%zmm7",
                "vpmullw %zmm28,%zmm7,%zmm18", "vpminuw %zmm3,%zmm19,%zmm11", "vpabsd %zmm20,%zmm12", "vpshufb %zmm29,%zmm13,%zmm21",
                "vpunpcklqdq %zmm5,%zmm22,%zmm14", "vpsrld $0x10,%zmm17,%zmm6", "vpsrad $0x1f,%zmm2,%zmm25", "vpslld $0x5,%zmm26,%zmm1",
                "vpbroadcastq %r9,%zmm27", "mov $0x80000001,%eax", "vpbroadcastd %eax,%zmm16", "vpmovzxbw 0x40(%rsi),%zmm4",
                "vcvtph2ps %ymm8,%zmm23", "vscalefps %zmm31,%zmm24,%zmm9", "movabs $0x102030405060708,%r8",
                "movabs $0xf1f2f3f4f5f6f7f8,%rcx", "vaddps %zmm30,%zmm10,%zmm19", "vsubps %zmm13,%zmm28,%zmm2",
                "prefetcht0 0x1000(%rdi)", "prefetcht0 0x40(%r9)", "mov %r8,%r10",
                "mov $0xf0f0f0f,%eax", "mov $0x7,%r9d",
                "add $0xa0,%rdx", "sub $0x4,%r9", "xor $0x1000,%r10", "or $0x2000,%rdi", "je 0x15b",
                "add $0xfffffffffffffff8,%rsi", "js 0x167", "jne 0x161", "jns 0x0",
                "vzeroupper", "ret",
            ],
            Disassemble(code));
    }

    [Fact]
    public void Instructions_of_256_bits_are_what_a_disassembler_reads()
    {
        Assembler code = new();
        code.Load256(new(9), Indexed.At(new(Gpr.R10, 32)));
        code.Load256(new(3), new(Gpr.Rdx, Gpr.R9, 2, 256));
        code.Store256(new(Gpr.R8, -64), new(15));
        code.Vpxor256(new(12), new(2), new(11));
        code.Vaddps256(new(1), new(14), new(7));
        code.Vfmadd231ps256(new(8), new(0), new(13));
        code.Vcvtph2ps256(new(14), new(Gpr.Rdi, Gpr.Rsi, 1, 48));
        code.Vcvtph2ps256(new(4), new(Gpr.R11, Gpr.Rax, 2, -16));
        code.Vpmovzxwd256(new(10), new(Gpr.Rax, Gpr.R9, 2, 0));
        code.Vpslld256(new(10), new(5), 16);
        code.Prefetcht1(new(Gpr.R11, 64));
        code.Prefetcht1(new(Gpr.Rsi, 4096));
        code.Mov(Gpr.R11, new Memory(Gpr.R8, 0));
        code.Mov(Gpr.Rax, new Memory(Gpr.Rdi, 8));
        code.Add(Gpr.R10, Gpr.Rsi);
        code.Add(Gpr.Rax, Gpr.R9);
        code.Shl(Gpr.R9, 2);
        Assert.Equal(
            [
                "vmovups 0x20(%r10),%ymm9", "vmovups 0x100(%rdx,%r9,2),%ymm3", "vmovups %ymm15,-0x40(%r8)", "vpxor %ymm11,%ymm2,%ymm12",
                "vaddps %ymm7,%ymm14,%ymm1", "vfmadd231ps %ymm13,%ymm0,%ymm8", "vcvtph2ps 0x30(%rdi,%rsi,1),%ymm14",
                "vcvtph2ps -0x10(%r11,%rax,2),%ymm4", "vpmovzxwd 0x0(%rax,%r9,2),%ymm10", "vpslld $0x10,%ymm5,%ymm10",
                "prefetcht1 0x40(%r11)", "prefetcht1 0x1000(%rsi)", "mov 0x0(%r8),%r11", "mov 0x8(%rdi),%rax", "add %rsi,%r10",
                "add %r9,%rax", "shl $0x2,%r9", "vzeroupper", "ret",
            ],
            Disassemble(code));
    }

    [Fact]
    public void Instructions_on_tiles_are_what_a_disassembler_reads()
    {
        Assembler code = new();
        code.LoadTileShapes(new(Gpr.R8, 0));
        code.LoadTileShapes(new(Gpr.Rdx, 192));
        code.TileZero(new(5));
        code.TileLoad(new(7), new(Gpr.Rdi, 0), Gpr.R9);
        code.TileLoad(new(2), new(Gpr.R10, 1024), Gpr.Rax);
        code.TileStore(new(Gpr.R11, -64), Gpr.Rcx, new(3));
        code.Tdpbsud(new(0), new(4), new(6));
        code.Tdpbssd(new(1), new(5), new(7));
        code.Tdpbf16ps(new(3), new(2), new(4));
        code.Tdpbuud(new(4), new(1), new(7));
        code.TileRelease();
        code.Vpaddb(new(18), new(3), new(27));
        code.Vpaddd(new(7), new(28), new Memory(Gpr.R11, -128));
        code.Vpsubb(new(25), new(16), new(8));
        code.Vsubps(new(9), new(20), new(31));
        code.Vcvtdq2ps(new(12), new Memory(Gpr.R11, 1024));
        code.Vcvtps2dq(new(19), new(6));
        code.Vpsubw(new(5), new(21), new(14));
        code.Mov(new Memory(Gpr.Rcx, 88), Gpr.Rdx);
        code.Add(Gpr.R8, new Memory(Gpr.Rcx, 80));
        code.Sub(Gpr.Rdx, new Memory(Gpr.R9, 4096));
        Assert.Equal(
            [
                "ldtilecfg 0x0(%r8)", "ldtilecfg 0xc0(%rdx)", "tilezero %tmm5", "tileloadd 0x0(%rdi,%r9,1),%tmm7",
                "tileloadd 0x400(%r10,%rax,1),%tmm2", "tilestored %tmm3,-0x40(%r11,%rcx,1)", "tdpbsud %tmm6,%tmm4,%tmm0",
                "tdpbssd %tmm7,%tmm5,%tmm1", "tdpbf16ps %tmm4,%tmm2,%tmm3", "tdpbuud %tmm7,%tmm1,%tmm4", "tilerelease",
                "vpaddb %zmm27,%zmm3,%zmm18", "vpaddd -0x80(%r11),%zmm28,%zmm7", "vpsubb %zmm8,%zmm16,%zmm25", "vsubps %zmm31,%zmm20,%zmm9",
                "vcvtdq2ps 0x400(%r11),%zmm12", "vcvtps2dq %zmm6,%zmm19", "vpsubw %zmm14,%zmm21,%zmm5", "mov %rdx,0x58(%rcx)",
                "add 0x50(%rcx),%r8", "sub 0x1000(%r9),%rdx", "vzeroupper", "ret",
            ],
            Disassemble(code));
    }

    [Fact]
    public void Kernels_hold_no_instruction_that_the_disassembler_does_not_know()
    {
        foreach (Assembler kernel in (Assembler[])
            [
                Block32Code.Small<Q4_0Format>(288, 32), Block32Code.Small<Q5_1Format>(384, 64), Block32Code.Bytes(544, 32),
                Block32Code.Table<IQ4_XSFormat>(272), Block32Code.Table<MXFP4Format>(272), NVFP4Code.Write(576, 64, 12),
                Block256Code.SixBitScales(2880, 64, 320, 832), Block256Code.SixBits(32, 288),
                LowBitCode.Write<Q2_KFormat>(32, 64, 320, 320), LowBitCode.Write<Q3_KFormat>(32, 32, 288, 800),
                BrainTileCode.Multiply(1, false), BrainTileCode.Multiply(2, true), BrainTileCode.StreamSplit(1),
                BrainTileCode.StreamSplit(2), BrainTileCode.Stream(1), BrainTileCode.Stream(2), BrainTileCode.Arrange(true),
                BrainTileCode.Arrange(false), Block32Code.SmallOnTiles<Q4_0Format>(288, 32), Block32Code.SmallOnTiles<Q5_0Format>(352, 32),
                Block32Code.BytesOnTiles(544, 32), Block32Code.TableOnTiles<IQ4_XSFormat>(272), Block32Code.TableOnTiles<MXFP4Format>(272),
                LowBitCode.WriteOnTiles<Q2_KFormat>(1344, 32, 64, 320, 320), LowBitCode.WriteOnTiles<Q3_KFormat>(1824, 32, 32, 288, 800),
                TwoByteTileCode.WriteSixBitScales(2368, 64, 192, 320, 320),
                TwoByteTileCode.WriteSixBitScales(2880, 64, 192, 320, 832), TwoByteTileCode.WriteSixBits(3360, 32, 288),
                HalfRowCode.Apart(), WidenedTileCode.Write(3, 4, false), WidenedTileCode.Write(4, 1, true),
            ])
        {
            string[] lines = Disassemble(kernel);
            Assert.DoesNotContain(lines, line => line.Contains("(bad)", StringComparison.Ordinal));
            Assert.Equal("ret", lines[^1]);
        }
    }

    [Fact]
    public unsafe void Placed_code_runs()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && X86Base.X64.IsSupported, "the code is for x64 and Linux");
        Assembler code = new();
        code.Mov(Gpr.Rax, Gpr.Rdi);
        code.Sub(Gpr.Rsi, 1);
        code.SkipIfNegative(() =>
        {
            Label again = code.Here();
            code.Add(Gpr.Rax, 3);
            code.Sub(Gpr.Rsi, 1);
            code.JumpIfNotNegative(again);
        });
        var multiply = (delegate* unmanaged<long, long, long>)ExecutableCode.TryPlace(code.ToFunction(CallConvention.SystemV));
        Assert.True(multiply is not null);
        Assert.Equal(100, multiply(100, 0));
        Assert.Equal(100 + (3 * 5), multiply(100, 5));
    }

    /// <summary>
    /// Where the system refuses to make memory executable, there is no function and the other kernels are used. A filter of the kernel
    /// (seccomp) does that to one thread here: mprotect of something to be read and executed is not permitted.
    /// </summary>
    [Fact]
    public unsafe void Memory_that_may_not_be_executed_is_no_function()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && X86Base.X64.IsSupported, "the filter is for x64 and Linux");
        MachineFunction function = new Assembler().ToFunction(CallConvention.SystemV);
        bool placedBefore = ExecutableCode.TryPlace(function) is not null, isFiltered = false, placedAfter = true;
        Thread thread = new(() =>
        {
            isFiltered = Seccomp.TryRefuseExecutableMemory();
            placedAfter = ExecutableCode.TryPlace(function) is not null;
        });
        thread.Start();
        thread.Join();
        Assert.SkipUnless(isFiltered, "this kernel takes no filter");
        Assert.True(placedBefore);
        Assert.False(placedAfter);
    }

    private static string[] Disassemble(Assembler code) =>
        [.. Disassembly.Of(code.ToFunction(CallConvention.SystemV).Code).Select(line => line.Text)];
}
