namespace Inferometer.ModelFiles.Formats;

/// <summary>
/// GPTQ: words of 32 bits that run along the inputs, [inputs x bits / 32, outputs], a stream of bits down each output; zero points in words
/// along the outputs, [groups, outputs x bits / 32], one less than they are in files of the first kind; scales [groups, outputs]. Inputs
/// belong to groups in order, or as <c>g_idx</c> says.
/// </summary>
internal sealed class ColumnPackedLayout : IntegerLayout
{
    private readonly RawTensor _words;
    private readonly RawTensor? _zeros;
    private readonly int[] _groups;
    private readonly int _zeroOffset;

    /// <param name="words">The integers.</param>
    /// <param name="scales">The scales.</param>
    /// <param name="zeros">The zero points; null for the middle of the range.</param>
    /// <param name="groupOfInput">The group of each input, or null.</param>
    /// <param name="bits">Bits of an integer: 2, 3, 4 or 8.</param>
    /// <param name="zeroOffset">What is added to a stored zero point: 1, or 0 in files of the second kind.</param>
    public ColumnPackedLayout(RawTensor words, RawTensor scales, RawTensor? zeros, RawTensor? groupOfInput, int bits, int zeroOffset)
    {
        _words = words.Of("I32");
        Scales = scales.Of("F16", "BF16", "F32");
        Rows = scales.Columns;
        Bits = bits;
        _zeroOffset = zeroOffset;
        long groups = scales.Count / Rows;
        Columns = groupOfInput?.Count ?? (words.Count / Rows * 32 / bits);
        if (words.Shape.Count != 2 || words.Shape[1] != Rows || words.Shape[0] * 32 != Columns * bits || Columns > int.MaxValue)
        {
            throw words.Wrong(
                $"has the shape [{string.Join(", ", words.Shape)}]",
                $"[{Columns * bits / 32}, {Rows}] for {Columns} inputs of {bits} bits and {Rows} outputs");
        }

        _zeros = zeros?.Of("I32").WithCount(groups * (((Rows * bits) + 31) / 32));
        long size = (Columns + groups - 1) / groups;
        _groups = [.. Enumerable.Range(0, (int)Columns).Select(i => groupOfInput?.Of("I32").Int32(i) ?? (int)(i / size))];
        if (_groups.Any(group => group < 0 || group >= groups))
        {
            throw groupOfInput!.Wrong($"names a group beyond {groups - 1}", $"0 to {groups - 1}, as there are {groups} rows of scales");
        }
    }

    public override long Rows { get; }

    public override long Columns { get; }

    public override int Bits { get; }

    protected override RawTensor Scales { get; }

    public override void ReadRow(long row, Span<int> integers)
    {
        for (int column = 0; column < integers.Length; column++)
        {
            integers[column] = Integer(_words, column, row, Rows) - Zero(row, _groups[column]);
        }
    }

    public override int Group(int column) => _groups[column];

    public override float Scale(long row, int group) => Scales.Float((group * Rows) + row);

    protected override (int Least, int Most) Zeros()
    {
        if (_zeros is null)
        {
            return (1 << (Bits - 1), 1 << (Bits - 1));
        }

        (int least, int most) = (int.MaxValue, int.MinValue);
        for (int group = 0; group < Scales.Count / Rows; group++)
        {
            for (long row = 0; row < Rows; row++)
            {
                int zero = Zero(row, group);
                (least, most) = (Math.Min(least, zero), Math.Max(most, zero));
            }
        }

        return (least, most);
    }

    private int Zero(long row, int group)
    {
        if (_zeros is null)
        {
            return 1 << (Bits - 1);
        }

        long words = _zeros.Count * Rows / Scales.Count;
        return Integer(_zeros, row, group * words, 1) + _zeroOffset;
    }

    /// <summary>Integer <paramref name="index"/> of a stream of bits in words <paramref name="stride"/> apart.</summary>
    private int Integer(RawTensor words, long index, long first, long stride)
    {
        long bit = index * Bits, word = bit / 32;
        int shift = (int)(bit % 32);
        ulong bits = (uint)words.Int32(first + (word * stride));
        if (shift + Bits > 32)
        {
            bits |= (ulong)(uint)words.Int32(first + ((word + 1) * stride)) << 32;
        }

        return (int)(bits >> shift) & ((1 << Bits) - 1);
    }
}
