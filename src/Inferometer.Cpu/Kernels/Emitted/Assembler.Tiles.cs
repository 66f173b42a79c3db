namespace Inferometer.Cpu.Kernels.Emitted;

/// <content>
/// Instructions on tiles (AMX: volume 2 of the same manual, and chapter 18 of volume 1): two-dimensional registers of up to 16 rows of 64
/// bytes, whose shapes are set by <see cref="LoadTileShapes"/>. And what loops around them need besides.
/// </content>
internal sealed partial class Assembler
{
    /// <summary>Takes the shapes of all tiles from the 64 bytes in memory, see <see cref="TileShapes"/>; tiles become zero.</summary>
    public void LoadTileShapes(Memory source)
    {
        Vex(Map.F38, Prefix.None, 0, 0, (int)source.Address, 0, vector: false);
        _code.Add(0x49);
        Distance(0, source, 1);
    }

    /// <summary>Gives all tiles up, so that the system need not keep them any longer.</summary>
    public void TileRelease()
    {
        Vex(Map.F38, Prefix.None, 0, 0, 0, 0, vector: false);
        _code.Add(0x49);
        Registers(0, 0);
    }

    public void TileZero(Tmm target)
    {
        Vex(Map.F38, Prefix.PF2, target.Number, 0, 0, 0, vector: false);
        _code.Add(0x49);
        Registers(target.Number, 0);
    }

    /// <summary>Rows of a tile that begin at an address, and a register's number of bytes apart.</summary>
    public void TileLoad(Tmm target, Memory source, Gpr stride) => TileMemory(Prefix.PF2, target, source, stride);

    /// <summary>Writes the rows of a tile the same way.</summary>
    public void TileStore(Memory target, Gpr stride, Tmm source) => TileMemory(Prefix.PF3, source, target, stride);

    /// <summary>
    /// target[m][n] += sum over k of rows[m][k] * columns[k / 4][n][k % 4]: signed bytes by bytes without signs, summed to 32 bits.
    /// </summary>
    public void Tdpbsud(Tmm target, Tmm rows, Tmm columns) => TileProduct(0x5E, Prefix.PF3, target, rows, columns);

    /// <summary>The same of signed bytes by signed bytes.</summary>
    public void Tdpbssd(Tmm target, Tmm rows, Tmm columns) => TileProduct(0x5E, Prefix.PF2, target, rows, columns);

    /// <summary>The same of bytes without signs on both sides.</summary>
    public void Tdpbuud(Tmm target, Tmm rows, Tmm columns) => TileProduct(0x5E, Prefix.None, target, rows, columns);

    /// <summary>target[m][n] += sum over k of rows[m][k] * columns[k / 2][n][k % 2]: bf16 numbers, summed to f32.</summary>
    public void Tdpbf16ps(Tmm target, Tmm rows, Tmm columns) => TileProduct(0x5C, Prefix.PF3, target, rows, columns);

    public void Vpaddb(Zmm target, Zmm first, Zmm second) => Evex(0xFC, Map.F, Prefix.P66, target, first, second);

    /// <summary>target = first + the vector in memory.</summary>
    public void Vpaddd(Zmm target, Zmm first, Memory second) => Evex(0xFE, Map.F, Prefix.P66, target, first, second, Vector);

    public void Vpsubb(Zmm target, Zmm first, Zmm second) => Evex(0xF8, Map.F, Prefix.P66, target, first, second);

    /// <summary>The sixteen integers in memory to f32.</summary>
    public void Vcvtdq2ps(Zmm target, Memory source) => Evex(0x5B, Map.F, Prefix.None, target, default, source, Vector);

    /// <summary>Writes 64 bits to memory.</summary>
    public void Mov(Memory target, Gpr source) => IntegerMemory(0x89, source, target);

    public void Add(Gpr target, Memory source) => IntegerMemory(0x03, target, source);

    public void Sub(Gpr target, Memory source) => IntegerMemory(0x2B, target, source);

    private void IntegerMemory(byte opcode, Gpr register, Memory memory)
    {
        _code.Add((byte)(0x48 | ((int)register >= 8 ? 4 : 0) | ((int)memory.Address >= 8 ? 1 : 0)));
        _code.Add(opcode);
        Distance((int)register, memory, 1);
    }

    private void TileProduct(byte opcode, Prefix prefix, Tmm target, Tmm rows, Tmm columns)
    {
        Vex(Map.F38, prefix, target.Number, columns.Number, rows.Number, 0, vector: false);
        _code.Add(opcode);
        Registers(target.Number, rows.Number);
    }

    // The stride stands where an address has its index, which is counted once.
    private void TileMemory(Prefix prefix, Tmm tile, Memory memory, Gpr stride)
    {
        Vex(Map.F38, prefix, tile.Number, 0, (int)memory.Address, (int)stride, vector: false);
        _code.Add(0x4B);
        IndexedDistance(tile.Number, new(memory.Address, stride, 1, memory.Distance));
    }
}
