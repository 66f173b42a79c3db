namespace Inferometer.ModelFiles.Formats;

/// <summary>Where the integers, scales and zero points of a weight lie: each tool packs them in its own way.</summary>
internal abstract class IntegerLayout
{
    /// <summary>Outputs.</summary>
    public abstract long Rows { get; }

    /// <summary>Inputs.</summary>
    public abstract long Columns { get; }

    /// <summary>Bits of an integer.</summary>
    public abstract int Bits { get; }

    /// <summary>Scales.</summary>
    protected abstract RawTensor Scales { get; }

    /// <summary>Reads q - z of a row.</summary>
    public abstract void ReadRow(long row, Span<int> integers);

    /// <summary>The group that a column belongs to.</summary>
    public abstract int Group(int column);

    /// <summary>Scale of a row in a group.</summary>
    public abstract float Scale(long row, int group);

    /// <summary>Smallest and largest zero point.</summary>
    protected abstract (int Least, int Most) Zeros();

    /// <summary>What q - z may be, from the bits and the zero points that are there.</summary>
    public (int Least, int Most) Range()
    {
        (int least, int most) = Zeros();
        return (-most, (1 << Bits) - 1 - least);
    }

    /// <summary>Whether all columns of each block of 32 are of one group.</summary>
    public virtual bool GroupsAreWholeBlocks()
    {
        for (int column = 0; column < Columns; column++)
        {
            if (Group(column) != Group(column / 32 * 32))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether f16 takes every scale to 2^-11 of itself.</summary>
    public bool ScalesFitHalf()
    {
        for (long i = 0; i < Scales.Count; i++)
        {
            float scale = Scales.Float(i);
            if (!(MathF.Abs((float)(Half)scale - scale) <= MathF.Abs(scale) / 2048))
            {
                return false;
            }
        }

        return true;
    }
}
