using System.Buffers.Binary;

namespace Inferometer.Cpu.Kernels.Emitted;

/// <summary>
/// Writes the x64 instructions that emitted kernels consist of, by the encodings of Intel's Software Developer's Manual, volume 2: EVEX
/// prefix (section 2.7) with vectors of 512 bits, ModRM with a register and a distance, compressed to a byte where it is a small multiple
/// of what is read.
/// </summary>
/// <remarks>Methods are named after the instructions; operands come in Intel's order, the destination first.</remarks>
internal sealed partial class Assembler
{
    // What one distance of a byte stands for: a whole vector, or what is widened or repeated.
    private const int Vector = 64, Half = 32, Quarter = 16, Element = 4;

    private readonly List<byte> _code = [];

    // Numbers of the vector registers that are written to, as bits.
    private uint _vectors;

    /// <summary>Where the next instruction stands.</summary>
    public Label Here() => new(_code.Count);

    public void Load(Zmm target, Memory source) => Evex(0x6F, Map.F, Prefix.PF3, target, default, source, Vector);

    public void Store(Memory target, Zmm source) => Evex(0x7F, Map.F, Prefix.PF3, source, default, target, Vector);

    public void Vpandd(Zmm target, Zmm first, Zmm second) => Evex(0xDB, Map.F, Prefix.P66, target, first, second);

    public void Vpord(Zmm target, Zmm first, Zmm second) => Evex(0xEB, Map.F, Prefix.P66, target, first, second);

    public void Vpxord(Zmm target, Zmm first, Zmm second) => Evex(0xEF, Map.F, Prefix.P66, target, first, second);

    public void Vpaddd(Zmm target, Zmm first, Zmm second) => Evex(0xFE, Map.F, Prefix.P66, target, first, second);

    /// <summary>The lower 16 bits of the products of 16-bit lanes.</summary>
    public void Vpmullw(Zmm target, Zmm first, Zmm second) => Evex(0xD5, Map.F, Prefix.P66, target, first, second);

    /// <summary>The lesser of 16-bit lanes without signs.</summary>
    public void Vpminuw(Zmm target, Zmm first, Zmm second) => Evex(0x3A, Map.F38, Prefix.P66, target, first, second);

    /// <summary>Magnitudes of 32-bit lanes.</summary>
    public void Vpabsd(Zmm target, Zmm source) => Evex(0x1E, Map.F38, Prefix.P66, target, default, source);

    /// <summary>In each quarter the bytes of <paramref name="table"/> whose numbers, 0 to 15, are in <paramref name="numbers"/>.</summary>
    public void Vpshufb(Zmm target, Zmm table, Zmm numbers) => Evex(0x00, Map.F38, Prefix.P66, target, table, numbers);

    /// <summary>In each quarter the lower 64 bits of <paramref name="first"/>, then those of <paramref name="second"/>.</summary>
    public void Vpunpcklqdq(Zmm target, Zmm first, Zmm second) => Evex(0x6C, Map.F, Prefix.P66, target, first, second, wide: true);

    /// <summary>Shifts 16-bit lanes to the right, zeros coming in.</summary>
    public void Vpsrlw(Zmm target, Zmm source, int bits) => Shift(0x71, 2, target, source, bits);

    /// <summary>Shifts 16-bit lanes to the left.</summary>
    public void Vpsllw(Zmm target, Zmm source, int bits) => Shift(0x71, 6, target, source, bits);

    /// <summary>Shifts 32-bit lanes to the right, zeros coming in.</summary>
    public void Vpsrld(Zmm target, Zmm source, int bits) => Shift(0x72, 2, target, source, bits);

    /// <summary>Shifts 32-bit lanes to the right, signs coming in.</summary>
    public void Vpsrad(Zmm target, Zmm source, int bits) => Shift(0x72, 4, target, source, bits);

    /// <summary>Shifts 32-bit lanes to the left.</summary>
    public void Vpslld(Zmm target, Zmm source, int bits) => Shift(0x72, 6, target, source, bits);

    /// <summary>target += the four products of each lane's unsigned bytes with the four signed bytes in memory (AVX512_VNNI).</summary>
    public void Vpdpbusd(Zmm target, Zmm weights, Memory four) => Repeated(0x50, Map.F38, Prefix.P66, target, weights, four);

    /// <summary>target += the two products of each lane's signed 16-bit numbers with the two in memory (AVX512_VNNI).</summary>
    public void Vpdpwssd(Zmm target, Zmm weights, Memory two) => Repeated(0x52, Map.F38, Prefix.P66, target, weights, two);

    /// <summary>The 32 bits in memory, in every lane.</summary>
    public void Vpbroadcastd(Zmm target, Memory source) => Evex(0x58, Map.F38, Prefix.P66, target, default, source, Element);

    /// <summary>The lower 32 bits of a register, in every lane.</summary>
    public void Vpbroadcastd(Zmm target, Gpr source) => Broadcast(target, source, wide: false);

    /// <summary>The 64 bits of a register, in every lane of as many.</summary>
    public void Vpbroadcastq(Zmm target, Gpr source) => Broadcast(target, source, wide: true);

    /// <summary>A number of 32 bits in every lane, by way of <see cref="Gpr.Rax"/>.</summary>
    public void Fill(Zmm target, uint value)
    {
        Mov(Gpr.Rax, value);
        Vpbroadcastd(target, Gpr.Rax);
    }

    /// <summary>Sixteen bytes to 32 bits each, without signs.</summary>
    public void Vpmovzxbd(Zmm target, Memory source) => Evex(0x31, Map.F38, Prefix.P66, target, default, source, Quarter);

    /// <summary>Sixteen bytes to 32 bits each, with signs.</summary>
    public void Vpmovsxbd(Zmm target, Memory source) => Evex(0x21, Map.F38, Prefix.P66, target, default, source, Quarter);

    /// <summary>Thirty-two bytes to 16 bits each, without signs.</summary>
    public void Vpmovzxbw(Zmm target, Memory source) => Evex(0x30, Map.F38, Prefix.P66, target, default, source, Half);

    /// <summary>Sixteen f16 numbers to f32.</summary>
    public void Vcvtph2ps(Zmm target, Memory source) => Evex(0x13, Map.F38, Prefix.P66, target, default, source, Half);

    /// <summary>The sixteen f16 numbers in the lower half of a register to f32.</summary>
    public void Vcvtph2ps(Zmm target, Zmm source) => Evex(0x13, Map.F38, Prefix.P66, target, default, source);

    public void Vcvtdq2ps(Zmm target, Zmm source) => Evex(0x5B, Map.F, Prefix.None, target, default, source);

    public void Vaddps(Zmm target, Zmm first, Zmm second) => Evex(0x58, Map.F, Prefix.None, target, first, second);

    public void Vpsubw(Zmm target, Zmm first, Zmm second) => Evex(0xF9, Map.F, Prefix.P66, target, first, second);

    /// <summary>f32 to the nearest 32-bit integers.</summary>
    public void Vcvtps2dq(Zmm target, Zmm source) => Evex(0x5B, Map.F, Prefix.P66, target, default, source);

    public void Vsubps(Zmm target, Zmm first, Zmm second) => Evex(0x5C, Map.F, Prefix.None, target, first, second);

    public void Vmulps(Zmm target, Zmm first, Zmm second) => Evex(0x59, Map.F, Prefix.None, target, first, second);

    /// <summary>target = first times the number in memory.</summary>
    public void Vmulps(Zmm target, Zmm first, Memory one) => Repeated(0x59, Map.F, Prefix.None, target, first, one);

    /// <summary>target = first times two to the power of <paramref name="second"/>, rounded down.</summary>
    public void Vscalefps(Zmm target, Zmm first, Zmm second) => Evex(0x2C, Map.F38, Prefix.P66, target, first, second);

    /// <summary>target += first * second.</summary>
    public void Vfmadd231ps(Zmm target, Zmm first, Zmm second) => Evex(0xB8, Map.F38, Prefix.P66, target, first, second);

    /// <summary>target = target * first + the vector in memory.</summary>
    public void Vfmadd213ps(Zmm target, Zmm first, Memory second) =>
        Evex(0xA8, Map.F38, Prefix.P66, target, first, second, Vector);

    /// <summary>Asks for the cache line of an address.</summary>
    public void Prefetcht0(Memory line)
    {
        if ((int)line.Address >= 8)
        {
            _code.Add(0x41);
        }

        _code.AddRange([0x0F, 0x18]);
        Distance(1, line, 1);
    }

    public void Mov(Gpr target, Gpr source) => Integer(0x89, (int)source, target);

    /// <summary>The lower 32 bits; the upper become zero.</summary>
    public void Mov(Gpr target, uint value)
    {
        if ((int)target >= 8)
        {
            _code.Add(0x41);
        }

        _code.Add((byte)(0xB8 + ((int)target & 7)));
        Add32(unchecked((int)value));
    }

    public void Mov(Gpr target, ulong value)
    {
        _code.Add((byte)((int)target >= 8 ? 0x49 : 0x48));
        _code.Add((byte)(0xB8 + ((int)target & 7)));
        Add32(unchecked((int)value));
        Add32(unchecked((int)(value >> 32)));
    }

    public void Add(Gpr target, int value)
    {
        Integer(0x81, 0, target);
        Add32(value);
    }

    public void Sub(Gpr target, int value)
    {
        Integer(0x81, 5, target);
        Add32(value);
    }

    /// <summary>Turns the bits of a register over that are set in a number.</summary>
    public void Xor(Gpr target, int bits)
    {
        Integer(0x81, 6, target);
        Add32(bits);
    }

    /// <summary>Sets the bits of a register that are set in a number.</summary>
    public void Or(Gpr target, int bits)
    {
        Integer(0x81, 1, target);
        Add32(bits);
    }

    /// <summary>Goes back to <paramref name="label"/> where the last sum was not negative.</summary>
    public void JumpIfNotNegative(Label label) => JumpBack(0x89, label);

    /// <summary>Goes back to <paramref name="label"/> where the last sum was not zero.</summary>
    public void JumpIfNotZero(Label label) => JumpBack(0x85, label);

    /// <summary>Goes on behind what <paramref name="body"/> writes where the last sum was negative.</summary>
    public void SkipIfNegative(Action body) => Skip(0x88, body);

    /// <summary>Goes on behind what <paramref name="body"/> writes where the last sum was zero.</summary>
    public void SkipIfZero(Action body) => Skip(0x84, body);

    /// <summary>Goes on behind what <paramref name="body"/> writes where the last sum was not zero.</summary>
    public void SkipIfNotZero(Action body) => Skip(0x85, body);

    private void JumpBack(byte condition, Label label)
    {
        _code.AddRange([0x0F, condition]);
        Add32(label.Offset - (_code.Count + 4));
    }

    private void Skip(byte condition, Action body)
    {
        _code.AddRange([0x0F, condition, 0, 0, 0, 0]);
        int start = _code.Count;
        body();
        Span<byte> distance = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(distance, _code.Count - start);
        for (int i = 0; i < 4; i++)
        {
            _code[start - 4 + i] = distance[i];
        }
    }

    // 64-bit operation with one register in ModRM's reg, or a number that extends the opcode, and one in its rm.
    private void Integer(byte opcode, int reg, Gpr rm)
    {
        _code.Add((byte)(0x48 | (reg >= 8 ? 4 : 0) | ((int)rm >= 8 ? 1 : 0)));
        _code.Add(opcode);
        Registers(reg, (int)rm);
    }

    private void Broadcast(Zmm target, Gpr source, bool wide)
    {
        Note(target);
        Prefixes(Map.F38, Prefix.P66, target.Number, 0, (int)source, 0, wide: wide);
        _code.Add(0x7C);
        Registers(target.Number, (int)source);
    }

    private void Shift(byte opcode, int extension, Zmm target, Zmm source, int bits)
    {
        Note(target);
        Prefixes(Map.F, Prefix.P66, extension, target.Number, source.Number, source.Number >> 4);
        _code.Add(opcode);
        Registers(extension, source.Number);
        _code.Add((byte)bits);
    }

    private void Evex(byte opcode, Map map, Prefix prefix, Zmm reg, Zmm other, Zmm rm, bool wide = false)
    {
        Note(reg);
        Prefixes(map, prefix, reg.Number, other.Number, rm.Number, rm.Number >> 4, wide: wide);
        _code.Add(opcode);
        Registers(reg.Number, rm.Number);
    }

    private void Evex(byte opcode, Map map, Prefix prefix, Zmm reg, Zmm other, Memory rm, int unit)
    {
        Note(reg);
        Prefixes(map, prefix, reg.Number, other.Number, (int)rm.Address, 0);
        _code.Add(opcode);
        Distance(reg.Number, rm, unit);
    }

    // One element in memory, repeated over the lanes.
    private void Repeated(byte opcode, Map map, Prefix prefix, Zmm reg, Zmm other, Memory rm)
    {
        Note(reg);
        Prefixes(map, prefix, reg.Number, other.Number, (int)rm.Address, 0, repeats: true);
        _code.Add(opcode);
        Distance(reg.Number, rm, Element);
    }

    // A vector that is written to, or stored, which has been written to before.
    private void Note(Zmm vector) => _vectors |= 1u << vector.Number;

    // Register numbers have five bits: four stand in the prefix, inverted. A vector in rm has its fifth bit where an address would have an
    // index.
    private void Prefixes(Map map, Prefix prefix, int reg, int other, int rm, int index, bool repeats = false, bool wide = false)
    {
        int r = (reg >> 3 & 1) ^ 1, high = (reg >> 4 & 1) ^ 1, b = (rm >> 3 & 1) ^ 1;
        _code.Add(0x62);
        _code.Add((byte)(r << 7 | (index ^ 1) << 6 | b << 5 | high << 4 | (int)map));
        _code.Add((byte)((wide ? 1 << 7 : 0) | (~other & 15) << 3 | 4 | (int)prefix));
        _code.Add((byte)(0b10 << 5 | (repeats ? 1 << 4 : 0) | ((other >> 4 & 1) ^ 1) << 3));
    }

    private void Registers(int reg, int rm) => _code.Add((byte)(0xC0 | (reg & 7) << 3 | rm & 7));

    // No address here is RSP or R12, which would need another byte.
    private void Distance(int reg, Memory memory, int unit)
    {
        int fields = (reg & 7) << 3 | (int)memory.Address & 7;
        if (memory.Distance % unit == 0 && memory.Distance / unit is >= sbyte.MinValue and <= sbyte.MaxValue and var units)
        {
            _code.Add((byte)(0x40 | fields));
            _code.Add(unchecked((byte)units));
            return;
        }

        _code.Add((byte)(0x80 | fields));
        Add32(memory.Distance);
    }

    private void Add32(int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        _code.AddRange(bytes);
    }

    private enum Map
    {
        F = 1,
        F38 = 2,
    }

    private enum Prefix
    {
        None = 0,
        P66 = 1,
        PF3 = 2,
        PF2 = 3,
    }
}
