using MathNet.Numerics.LinearAlgebra;

namespace Inferometer.Compression.Calibration;

/// <summary>Sums of vectors and of their outer products in double precision. Not thread-safe.</summary>
internal sealed class MomentAccumulator(int width)
{
    private readonly double[] _sum = new double[width];
    private readonly double[] _products = new double[width * width];
    private readonly double[] _vector = new double[width];

    public long Count { get; private set; }

    /// <summary>Mean of the vectors, [width]; zero for none.</summary>
    public Vector<double> Mean() => Vector<double>.Build.Dense(width, i => _sum[i] / Math.Max(1, Count));

    /// <summary>E[x x^T], [width, width].</summary>
    public Matrix<double> SecondMoment() =>
        Matrix<double>.Build.Dense(width, width, (i, j) => _products[Math.Max(i, j) * width + Math.Min(i, j)] / Math.Max(1, Count));

    /// <summary>E[(x - mean)(x - mean)^T], [width, width].</summary>
    public Matrix<double> Covariance()
    {
        Vector<double> mean = Mean();
        return SecondMoment() - mean.OuterProduct(mean);
    }

    public void Add(ReadOnlySpan<float> vector)
    {
        for (int i = 0; i < width; i++)
        {
            _vector[i] = vector[i];
            _sum[i] += vector[i];
        }

        for (int i = 0; i < width; i++)
        {
            AddMultiple(_vector.AsSpan(0, i + 1), _vector[i], _products.AsSpan(i * width, i + 1));
        }

        Count++;
    }

    private static void AddMultiple(ReadOnlySpan<double> source, double factor, Span<double> target)
    {
        int i = 0;
        for (; i <= source.Length - System.Numerics.Vector<double>.Count; i += System.Numerics.Vector<double>.Count)
        {
            System.Numerics.Vector<double> sum = new System.Numerics.Vector<double>(target[i..])
                + new System.Numerics.Vector<double>(source[i..]) * factor;
            sum.CopyTo(target[i..]);
        }

        for (; i < source.Length; i++)
        {
            target[i] += source[i] * factor;
        }
    }
}
