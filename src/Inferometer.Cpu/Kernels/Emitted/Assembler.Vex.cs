namespace Inferometer.Cpu.Kernels.Emitted;

/// <content>
/// Instructions on vectors of 256 bits (AVX, AVX2, FMA and F16C), with the three-byte VEX prefix (section 2.3 of the same volume), whose
/// distances are bytes: names end with their width. And what their kernels need besides.
/// </content>
internal sealed partial class Assembler
{
    public void Load256(Ymm target, Indexed source) => Vex(0x10, Map.F, Prefix.None, target, default, source);

    public void Store256(Memory target, Ymm source) => Vex(0x11, Map.F, Prefix.None, source, default, Indexed.At(target));

    public void Vpxor256(Ymm target, Ymm first, Ymm second) => Vex(0xEF, Map.F, Prefix.P66, target, first, second);

    public void Vaddps256(Ymm target, Ymm first, Ymm second) => Vex(0x58, Map.F, Prefix.None, target, first, second);

    /// <summary>target += first * second.</summary>
    public void Vfmadd231ps256(Ymm target, Ymm first, Ymm second) => Vex(0xB8, Map.F38, Prefix.P66, target, first, second);

    /// <summary>Eight f16 numbers to f32 (F16C).</summary>
    public void Vcvtph2ps256(Ymm target, Indexed source) => Vex(0x13, Map.F38, Prefix.P66, target, default, source);

    /// <summary>Eight numbers of 16 bits to 32 each, without signs.</summary>
    public void Vpmovzxwd256(Ymm target, Indexed source) => Vex(0x33, Map.F38, Prefix.P66, target, default, source);

    /// <summary>Shifts 32-bit lanes to the left.</summary>
    public void Vpslld256(Ymm target, Ymm source, int bits)
    {
        // The register that is written stands where a second source otherwise does.
        Note(target);
        Vex(Map.F, Prefix.P66, 6, target.Number, source.Number, 0);
        _code.Add(0x72);
        Registers(6, source.Number);
        _code.Add((byte)bits);
    }

    /// <summary>Asks for the cache line of an address, into the second cache.</summary>
    public void Prefetcht1(Memory line)
    {
        if ((int)line.Address >= 8)
        {
            _code.Add(0x41);
        }

        _code.AddRange([0x0F, 0x18]);
        Distance(2, line, 1);
    }

    /// <summary>The 64 bits in memory.</summary>
    public void Mov(Gpr target, Memory source)
    {
        _code.Add((byte)(0x48 | ((int)target >= 8 ? 4 : 0) | ((int)source.Address >= 8 ? 1 : 0)));
        _code.Add(0x8B);
        Distance((int)target, source, 1);
    }

    public void Add(Gpr target, Gpr source) => Integer(0x01, (int)source, target);

    /// <summary>Shifts to the left.</summary>
    public void Shl(Gpr target, int bits)
    {
        Integer(0xC1, 4, target);
        _code.Add((byte)bits);
    }

    private void Vex(byte opcode, Map map, Prefix prefix, Ymm reg, Ymm other, Ymm rm)
    {
        Note(reg);
        Vex(map, prefix, reg.Number, other.Number, rm.Number, 0);
        _code.Add(opcode);
        Registers(reg.Number, rm.Number);
    }

    private void Vex(byte opcode, Map map, Prefix prefix, Ymm reg, Ymm other, Indexed rm)
    {
        Note(reg);
        int index = rm.Scale == 0 ? 0 : (int)rm.Index;
        Vex(map, prefix, reg.Number, other.Number, (int)rm.Address, index);
        _code.Add(opcode);
        if (rm.Scale == 0)
        {
            Distance(reg.Number, new(rm.Address, rm.Distance), 1);
            return;
        }

        IndexedDistance(reg.Number, rm);
    }

    private void IndexedDistance(int reg, Indexed rm)
    {
        // Four in ModRM's rm: the address has a byte of its own. No index is RSP, which would mean none.
        bool isShort = rm.Distance is >= sbyte.MinValue and <= sbyte.MaxValue;
        _code.Add((byte)((isShort ? 0x40 : 0x80) | (reg & 7) << 3 | 4));
        _code.Add((byte)(rm.Scale / 2 << 6 | ((int)rm.Index & 7) << 3 | (int)rm.Address & 7));
        if (isShort)
        {
            _code.Add(unchecked((byte)rm.Distance));
        }
        else
        {
            Add32(rm.Distance);
        }
    }

    // Fourth bits of register numbers and the second source are inverted; the bit before the last two says 256 bits.
    private void Vex(Map map, Prefix prefix, int reg, int other, int rm, int index, bool vector = true)
    {
        int r = (reg >> 3 & 1) ^ 1, x = (index >> 3 & 1) ^ 1, b = (rm >> 3 & 1) ^ 1;
        _code.Add(0xC4);
        _code.Add((byte)(r << 7 | x << 6 | b << 5 | (int)map));
        _code.Add((byte)((~other & 15) << 3 | (vector ? 1 << 2 : 0) | (int)prefix));
    }

    private void Note(Ymm vector) => _vectors |= 1u << vector.Number;
}
