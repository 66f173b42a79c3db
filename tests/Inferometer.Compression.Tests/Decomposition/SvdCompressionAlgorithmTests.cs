using FsCheck;
using FsCheck.Fluent;
using Inferometer.Compression.Decomposition;
using Inferometer.Core;
using MathNet.Numerics.LinearAlgebra;

namespace Inferometer.Compression.Tests.Decomposition;

public sealed class SvdCompressionAlgorithmTests
{
    private static readonly SvdSolver[] Solvers = [SvdSolver.Full, SvdSolver.Randomized, SvdSolver.Eigen];

    [Fact]
    public void Known_singular_values_are_found()
    {
        // [[3, 0], [4, 5]]: A^T A = [[25, 20], [20, 25]], eigenvalues 45 and 5.
        TruncatedSvd svd = new SvdCompressionAlgorithm(SvdSolver.Full).Compress([3, 0, 4, 5], 2, 2, 1);
        Assert.Equal(Math.Sqrt(45), svd.SingularValues[0], 1e-12);
        Assert.Equal(Math.Sqrt(5), svd.FrobeniusError, 1e-6);
        Assert.Equal(Math.Sqrt(5), svd.SpectralErrorBound, 1e-12);
        Assert.Equal(Math.Sqrt(0.1), svd.RelativeError, 1e-9);
    }

    [Theory]
    [InlineData(SvdSolver.Full, 40, 25)]
    [InlineData(SvdSolver.Full, 25, 40)]
    [InlineData(SvdSolver.Eigen, 200, 12)]
    [InlineData(SvdSolver.Eigen, 12, 200)]
    [InlineData(SvdSolver.Randomized, 90, 60)]
    [InlineData(SvdSolver.Randomized, 60, 90)]
    public void Factors_are_orthonormal_and_the_stated_error_is_the_true_one(SvdSolver solver, int rows, int columns)
    {
        Matrix<double> matrix = Decaying(rows, columns, 0.7, 5);
        TruncatedSvd svd = new SvdCompressionAlgorithm(solver).Compress(matrix, 6);
        Matrix<double> identity = Matrix<double>.Build.DenseIdentity(6);
        Assert.Equal(solver, svd.Solver);
        Assert.InRange((svd.Left.TransposeThisAndMultiply(svd.Left) - identity).FrobeniusNorm(), 0, 1e-9);
        Assert.InRange((svd.Right.TransposeThisAndMultiply(svd.Right) - identity).FrobeniusNorm(), 0, 1e-9);
        Matrix<double> rest = matrix - svd.Reconstruct();
        Assert.Equal(rest.FrobeniusNorm(), svd.FrobeniusError, 1e-6);
        Assert.InRange(rest.L2Norm(), 0, svd.SpectralErrorBound * (1 + 1e-6) + 1e-9);
    }

    [Fact]
    public void Solvers_agree_on_a_matrix_with_decaying_singular_values()
    {
        Matrix<double> matrix = Decaying(120, 80, 0.6, 9);
        TruncatedSvd[] results = [.. Solvers.Select(solver => new SvdCompressionAlgorithm(solver).Compress(matrix, 8))];
        foreach (TruncatedSvd other in results)
        {
            Assert.InRange((results[0].SingularValues - other.SingularValues).L2Norm() / results[0].SingularValues.L2Norm(), 0, 1e-6);
        }
    }

    [Fact]
    public void Error_falls_as_rank_grows()
    {
        Prop.ForAll(Gen.Choose(1, 1000).Zip(Gen.Choose(0, 2)).ToArbitrary(), test =>
        {
            (int seed, int solver) = test;
            Matrix<double> matrix = Decaying(30, 20, 0.8, seed);
            SvdCompressionAlgorithm algorithm = new(Solvers[solver]);
            double[] errors = [.. Enumerable.Range(1, 20).Select(rank => algorithm.Compress(matrix, rank).FrobeniusError)];
            return errors.Zip(errors.Skip(1)).All(pair => pair.Second <= pair.First + 1e-9) && errors[^1] < 1e-5;
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData(64, 128, 100, SvdSolver.Full)]
    [InlineData(2048, 2048, 64, SvdSolver.Randomized)]
    [InlineData(5632, 1024, 512, SvdSolver.Eigen)]
    [InlineData(2048, 2048, 1500, SvdSolver.Full)]
    public void Automatic_choice_depends_on_size_and_rank(int rows, int columns, int rank, SvdSolver expected) =>
        Assert.Equal(expected, SvdCompressionAlgorithm.Choose(rows, columns, rank));

    [Fact]
    public void A_rank_out_of_range_and_values_that_are_no_numbers_are_refused()
    {
        SvdCompressionAlgorithm algorithm = new();
        Assert.Contains(
            "rank 3", Assert.Throws<InferometerException>(() => algorithm.Compress([1, 2, 3, 4], 2, 2, 3)).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "NaN", Assert.Throws<InferometerException>(() => algorithm.Compress([1, float.NaN, 3, 4], 2, 2, 1)).Message,
            StringComparison.Ordinal);
    }

    private static Matrix<double> Decaying(int rows, int columns, double decay, int seed)
    {
        Random random = new(seed);
        int side = Math.Min(rows, columns);
        Matrix<double> left = Matrix<double>.Build.Dense(rows, side, (_, _) => random.NextDouble() - 0.5)
            .QR(MathNet.Numerics.LinearAlgebra.Factorization.QRMethod.Thin).Q;
        Matrix<double> right = Matrix<double>.Build.Dense(columns, side, (_, _) => random.NextDouble() - 0.5)
            .QR(MathNet.Numerics.LinearAlgebra.Factorization.QRMethod.Thin).Q;
        return left * Matrix<double>.Build.DiagonalOfDiagonalArray([.. Enumerable.Range(0, side).Select(i => 10 * Math.Pow(decay, i))])
            * right.Transpose();
    }
}
