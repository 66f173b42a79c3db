namespace Inferometer.ModelFiles.Formats;

/// <summary>
/// compressed-tensors and bitsandbytes' int8: integers [outputs, inputs], as bytes or several to a word of 32 bits (then 2^(bits - 1) more
/// than they are); scales [outputs, groups], or one; zero points as the integers are, words of them running along the outputs.
/// </summary>
internal sealed unsafe class SignedLayout : IntegerLayout
{
    private readonly RawTensor _integers;
    private readonly RawTensor? _zeros;
    private readonly float _scaleFactor;
    private readonly long _groups;
    private readonly long _groupSize;
    private readonly bool _isPacked;

    /// <param name="integers">The integers: I8, or I32 with several in each.</param>
    /// <param name="scales">The scales.</param>
    /// <param name="zeros">The zero points, or null for zero.</param>
    /// <param name="shape">Outputs and inputs.</param>
    /// <param name="bits">Bits of an integer.</param>
    /// <param name="scaleFactor">What scales are multiplied by.</param>
    public SignedLayout(RawTensor integers, RawTensor scales, RawTensor? zeros, (long Rows, long Columns) shape, int bits,
        float scaleFactor)
    {
        _integers = integers.Of("I8", "I32");
        _isPacked = integers.Element is "I32";
        Scales = scales.Of("F16", "BF16", "F32");
        (Rows, Columns) = shape;
        Bits = bits;
        _scaleFactor = scaleFactor;
        _groups = scales.Count == 1 ? 1 : scales.Count / Rows;
        _groupSize = _groups == 0 ? 0 : (Columns + _groups - 1) / _groups;
        long words = _isPacked ? (Columns + PerWord - 1) / PerWord : Columns;
        if (integers.Count != Rows * words || Columns > int.MaxValue)
        {
            throw integers.Wrong($"has the shape [{string.Join(", ", integers.Shape)}]",
                $"[{Rows}, {words}] for {Columns} inputs of {bits} bits");
        }

        if (scales.Count != 1 && (scales.Count != Rows * _groups || _groups == 0))
        {
            throw scales.Wrong($"has the shape [{string.Join(", ", scales.Shape)}]",
                $"one scale, or a whole number for each of {Rows} outputs");
        }

        _zeros = zeros?.Of("I8", "I32");
        _ = _zeros?.WithCount(_zeros.Element is "I8" ? scales.Count : (Rows + PerWord - 1) / PerWord * _groups);
    }

    public override long Rows { get; }

    public override long Columns { get; }

    public override int Bits { get; }

    protected override RawTensor Scales { get; }

    private int PerWord => 32 / Bits;

    private int Half => 1 << (Bits - 1);

    public override void ReadRow(long row, Span<int> integers)
    {
        long words = _isPacked ? (Columns + PerWord - 1) / PerWord : Columns;
        for (int column = 0; column < integers.Length; column++)
        {
            int q = _isPacked
                ? ((_integers.Int32((row * words) + (column / PerWord)) >> (column % PerWord * Bits)) & ((1 << Bits) - 1)) - Half
                : (sbyte)*_integers.At((row * words) + column);
            integers[column] = q - Zero(row, Group(column));
        }
    }

    public override int Group(int column) => (int)(column / _groupSize);

    public override float Scale(long row, int group) => Scales.Float(Scales.Count == 1 ? 0 : (row * _groups) + group) * _scaleFactor;

    // Integers here are from -half to half - 1; seen as those from 0, their zero points are half more.
    protected override (int Least, int Most) Zeros()
    {
        (int least, int most) = (int.MaxValue, int.MinValue);
        for (long row = 0; row < (_zeros is null ? 1 : Rows); row++)
        {
            for (int group = 0; group < _groups; group++)
            {
                int zero = Zero(row, group) + Half;
                (least, most) = (Math.Min(least, zero), Math.Max(most, zero));
            }
        }

        return (least, most);
    }

    private int Zero(long row, int group) => _zeros is null ? 0
        : _zeros.Element is "I8" ? (sbyte)*_zeros.At(_zeros.Count == 1 ? 0 : (row * _groups) + group)
        : ((_zeros.Int32((row / PerWord * _groups) + group) >> (int)(row % PerWord * Bits)) & ((1 << Bits) - 1)) - Half;
}
