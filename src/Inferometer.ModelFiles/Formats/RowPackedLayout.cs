namespace Inferometer.ModelFiles.Formats;

/// <summary>
/// AWQ: words of 32 bits with the 4-bit integers of eight outputs, [inputs, outputs / 8], in the order 0, 2, 4, 6, 1, 3, 5, 7; zero points
/// alike, [groups, outputs / 8]; scales [groups, outputs].
/// </summary>
internal sealed class RowPackedLayout : IntegerLayout
{
    private readonly RawTensor _words;
    private readonly RawTensor _zeros;
    private readonly long _groupSize;

    /// <param name="words">The integers.</param>
    /// <param name="scales">The scales.</param>
    /// <param name="zeros">The zero points.</param>
    public RowPackedLayout(RawTensor words, RawTensor scales, RawTensor zeros)
    {
        _words = words.Of("I32");
        Scales = scales.Of("F16", "BF16", "F32");
        Rows = scales.Columns;
        long groups = scales.Count / Rows;
        _zeros = zeros.Of("I32").WithCount(groups * Rows / 8);
        Columns = words.Shape.Count == 2 ? words.Shape[0] : 0;
        _groupSize = (Columns + groups - 1) / groups;
        if (Columns is 0 or > int.MaxValue || words.Shape[1] * 8 != Rows || Columns % groups != 0)
        {
            throw words.Wrong(
                $"has the shape [{string.Join(", ", words.Shape)}]",
                $"[inputs, {Rows / 8}] with inputs a multiple of {groups}, as the {groups} x {Rows} scales ask for");
        }
    }

    // Where in a word the integer of output i of eight stands.
    private static ReadOnlySpan<byte> Places => [0, 4, 1, 5, 2, 6, 3, 7];

    public override long Rows { get; }

    public override long Columns { get; }

    public override int Bits => 4;

    protected override RawTensor Scales { get; }

    public override void ReadRow(long row, Span<int> integers)
    {
        int zero = 0;
        for (int column = 0; column < integers.Length; column++)
        {
            zero = column % _groupSize == 0 ? Integer(_zeros, Group(column), row) : zero;
            integers[column] = Integer(_words, column, row) - zero;
        }
    }

    public override int Group(int column) => (int)(column / _groupSize);

    public override float Scale(long row, int group) => Scales.Float((group * Rows) + row);

    protected override (int Least, int Most) Zeros()
    {
        (int least, int most) = (15, 0);
        for (long group = 0; group < Scales.Count / Rows; group++)
        {
            for (long row = 0; row < Rows; row++)
            {
                int zero = Integer(_zeros, group, row);
                (least, most) = (Math.Min(least, zero), Math.Max(most, zero));
            }
        }

        return (least, most);
    }

    private int Integer(RawTensor words, long line, long row) =>
        (words.Int32((line * (Rows / 8)) + (row / 8)) >> (Places[(int)(row % 8)] * 4)) & 15;
}
