using Inferometer.Core;
using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Factorization;

namespace Inferometer.Compression.Decomposition;

/// <summary>Truncated singular value decomposition of any matrix. Immutable; thread-safe; results depend on the input alone.</summary>
/// <param name="solver">How to compute it.</param>
public sealed class SvdCompressionAlgorithm(SvdSolver solver = SvdSolver.Auto) : ICompressionAlgorithm
{
    /// <summary>Up to this smaller side the dense solver is fast enough that nothing else is worth its error.</summary>
    private const int DenseSide = 128;

    /// <summary>Rank times this must fit into the smaller side before the random range finder is cheaper than the Gram matrix.</summary>
    private const int RandomizedShare = 4;

    /// <summary>A matrix so many times longer than wide is decomposed through its Gram matrix.</summary>
    private const int ThinRatio = 4;

    /// <summary>Decomposes a matrix given row after row.</summary>
    /// <param name="values">[rows, columns].</param>
    /// <param name="rows">Rows, at least 1.</param>
    /// <param name="columns">Columns, at least 1.</param>
    /// <param name="rank">Singular values to keep, 1 to the smaller side.</param>
    /// <exception cref="InferometerException">A value is NaN or infinite, or the rank is out of range.</exception>
    public TruncatedSvd Compress(ReadOnlySpan<float> values, int rows, int columns, int rank)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        if (values.Length != (long)rows * columns)
        {
            throw new ArgumentException($"{values.Length} values are no {rows} x {columns} matrix.", nameof(values));
        }

        Matrix<double> matrix = Matrix<double>.Build.Dense(rows, columns);
        for (int i = 0; i < values.Length; i++)
        {
            matrix[i / columns, i % columns] = values[i];
        }

        return Compress(matrix, rank);
    }

    /// <inheritdoc/>
    public TruncatedSvd Compress(Matrix<double> matrix, int rank)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        int side = Math.Min(matrix.RowCount, matrix.ColumnCount);
        if (rank < 1 || rank > side)
        {
            throw new InferometerException(
                $"rank {rank} for a matrix of {matrix.RowCount} x {matrix.ColumnCount}: allowed is 1 to {side}.");
        }

        double norm = matrix.FrobeniusNorm();
        if (!double.IsFinite(norm))
        {
            throw new InferometerException(
                $"a matrix of {matrix.RowCount} x {matrix.ColumnCount} to be decomposed holds NaN or infinite values.");
        }

        SvdSolver chosen = solver == SvdSolver.Auto ? Choose(matrix.RowCount, matrix.ColumnCount, rank) : solver;
        if (matrix.RowCount < matrix.ColumnCount)
        {
            TruncatedSvd turned = Solve(matrix.Transpose(), rank, chosen, norm);
            return turned with { Left = turned.Right, Right = turned.Left };
        }

        return Solve(matrix, rank, chosen, norm);
    }

    /// <summary>What <see cref="SvdSolver.Auto"/> takes for a matrix.</summary>
    public static SvdSolver Choose(int rows, int columns, int rank)
    {
        (int side, int length) = (Math.Min(rows, columns), Math.Max(rows, columns));
        return side <= DenseSide ? SvdSolver.Full
            : (rank + RandomizedRangeFinder.Oversampling) * RandomizedShare <= side ? SvdSolver.Randomized
            : length >= side * ThinRatio ? SvdSolver.Eigen
            : SvdSolver.Full;
    }

    // From here on the matrix has at least as many rows as columns.
    private static TruncatedSvd Solve(Matrix<double> matrix, int rank, SvdSolver solver, double norm) => solver switch
    {
        SvdSolver.Randomized => Randomized(matrix, rank, norm),
        SvdSolver.Eigen => ByEigenvectors(matrix, rank, norm),
        _ => Full(matrix, rank, norm),
    };

    private static TruncatedSvd Full(Matrix<double> matrix, int rank, double norm)
    {
        // The library computes all rows x rows left vectors; triangularised first, the decomposition is of columns x columns.
        QR<double> triangular = matrix.QR(QRMethod.Thin);
        Svd<double> svd = triangular.R.Svd();
        Matrix<double> left = triangular.Q * svd.U.SubMatrix(0, svd.U.RowCount, 0, rank);
        double next = rank < svd.S.Count ? svd.S[rank] : 0;
        return Truncated(left, svd.S.SubVector(0, rank), Rows(svd.VT, rank), SvdSolver.Full, norm, next);
    }

    private static TruncatedSvd ByEigenvectors(Matrix<double> matrix, int rank, double norm)
    {
        Evd<double> evd = matrix.TransposeThisAndMultiply(matrix).Evd(Symmetricity.Symmetric);
        int columns = matrix.ColumnCount;
        Matrix<double> right = Matrix<double>.Build.Dense(columns, rank, (row, column) => evd.EigenVectors[row, columns - 1 - column]);
        QR<double> image = (matrix * right).QR(QRMethod.Thin);

        // Singular values are taken from the matrix itself, not as roots of eigenvalues, and the left vectors are orthonormal even for tiny
        // ones.
        Svd<double> small = image.R.Svd();
        double next = rank < columns ? Math.Sqrt(Math.Max(0, evd.EigenValues[columns - 1 - rank].Real)) : 0;
        return Truncated(image.Q * small.U, small.S, right * small.VT.Transpose(), SvdSolver.Eigen, norm, next);
    }

    private static TruncatedSvd Randomized(Matrix<double> matrix, int rank, double norm)
    {
        Matrix<double> range = RandomizedRangeFinder.Find(matrix, rank);
        TruncatedSvd small = Full(matrix.TransposeThisAndMultiply(range), rank, norm);
        double error = Residual(norm, small.SingularValues);
        return small with
        {
            Left = range * small.Right,
            Right = small.Left,
            Solver = SvdSolver.Randomized,
            FrobeniusError = error,
            SpectralErrorBound = error,
        };
    }

    private static TruncatedSvd Truncated(
        Matrix<double> left, Vector<double> values, Matrix<double> right, SvdSolver solver, double norm, double next)
    {
        double error = Residual(norm, values);
        return new TruncatedSvd(left, values, right, solver, norm, error, next);
    }

    private static Matrix<double> Rows(Matrix<double> transposed, int rank) =>
        transposed.SubMatrix(0, rank, 0, transposed.ColumnCount).Transpose();

    // For orthonormal factors with values = Left^T A Right, |A - approximation|^2 = |A|^2 - sum of squared values.
    private static double Residual(double norm, Vector<double> values) => Math.Sqrt(Math.Max(0, norm * norm - values.DotProduct(values)));
}
