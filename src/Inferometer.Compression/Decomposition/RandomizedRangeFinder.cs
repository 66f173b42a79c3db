using MathNet.Numerics.LinearAlgebra;

namespace Inferometer.Compression.Decomposition;

/// <summary>An orthonormal basis that holds most of a matrix's range (Halko, Martinsson and Tropp 2011, algorithm 4.4).</summary>
internal static class RandomizedRangeFinder
{
    /// <summary>Columns beyond the rank that make a bad draw improbable.</summary>
    public const int Oversampling = 8;

    /// <summary>Each multiplies the gap between kept and dropped singular values by its square.</summary>
    private const int PowerIterations = 2;

    /// <summary>One stream for all matrices, so that equal matrices give equal results.</summary>
    private const int Seed = 20110217;

    /// <summary>A basis of rank + <see cref="Oversampling"/> columns, fewer where the matrix has fewer.</summary>
    public static Matrix<double> Find(Matrix<double> matrix, int rank)
    {
        int width = Math.Min(rank + Oversampling, matrix.ColumnCount);
        Random random = new(Seed);
        Matrix<double> basis = Orthonormal(matrix * Matrix<double>.Build.Dense(matrix.ColumnCount, width, (_, _) => Normal(random)));
        for (int i = 0; i < PowerIterations; i++)
        {
            basis = Orthonormal(matrix * Orthonormal(matrix.TransposeThisAndMultiply(basis)));
        }

        return basis;
    }

    private static Matrix<double> Orthonormal(Matrix<double> matrix) =>
        matrix.QR(MathNet.Numerics.LinearAlgebra.Factorization.QRMethod.Thin).Q;

    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
