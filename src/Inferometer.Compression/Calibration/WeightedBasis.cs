using Inferometer.Compression.Codecs;
using Inferometer.Compression.Decomposition;
using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Factorization;

namespace Inferometer.Compression.Calibration;

/// <summary>The latents of a vector that lose least where not all directions matter alike, and what each of them is worth.</summary>
/// <param name="Basis">All latents, in falling order of worth.</param>
/// <param name="Eigenvalues">Mean squared effect of dropping each latent, falling: the loss of a rank is the sum of the rest.</param>
public sealed record WeightedBasis(LatentBasis Basis, double[] Eigenvalues)
{
    /// <summary>Share of a head's mean importance that is added to every direction, so that the root can be inverted.</summary>
    private const double Regularisation = 1e-4;

    /// <summary>
    /// Minimises E[(x - x')^T S (x - x')]: eigenvectors U of S^(1/2) C S^(1/2); latent U^T S^(1/2) (x - mean), rebuilt by S^(-1/2) U.
    /// </summary>
    /// <param name="mean">Mean vector, [width].</param>
    /// <param name="covariance">C, [width, width].</param>
    /// <param name="importance">
    /// Blocks of S along its diagonal, one per head of the group: symmetric, not negative, their widths adding up to the width. Heads do
    /// not mix in S, because each is read by queries of its own. </param>
    internal static WeightedBasis Of(Vector<double> mean, Matrix<double> covariance, params IReadOnlyList<Matrix<double>> importance)
    {
        int width = mean.Count;
        Evd<double>[] roots = [.. importance.Select(Regularised)];
        Matrix<double> sqrt = Diagonal(roots, 0.5), inverse = Diagonal(roots, -0.5);
        Evd<double> evd = (sqrt * covariance * sqrt).Evd(Symmetricity.Symmetric);
        Matrix<double> vectors = Matrix<double>.Build.Dense(width, width, (row, column) => evd.EigenVectors[row, width - 1 - column]);
        double[] values = [.. Enumerable.Range(0, width).Select(i => Math.Max(0, evd.EigenValues[width - 1 - i].Real))];
        return new WeightedBasis(Single(mean, vectors.TransposeThisAndMultiply(sqrt), inverse * vectors), values);
    }

    /// <summary>
    /// Left singular vectors of nothing but a projection's weights, [width, hidden]: the baseline, which knows neither inputs nor what they
    /// are used for.
    /// </summary>
    internal static WeightedBasis OfWeights(Matrix<double> weights, ICompressionAlgorithm algorithm)
    {
        TruncatedSvd svd = algorithm.Compress(weights, Math.Min(weights.RowCount, weights.ColumnCount));
        return new WeightedBasis(
            Single(Vector<double>.Build.Dense(weights.RowCount), svd.Left.Transpose(), svd.Left),
            [.. svd.SingularValues.Select(value => value * value)]);
    }

    private static LatentBasis Single(Vector<double> mean, Matrix<double> encoder, Matrix<double> decoder) => new(
        mean.Count, encoder.RowCount, Floats(mean.ToArray()), Floats(encoder.ToRowMajorArray()), Floats(decoder.ToRowMajorArray()));

    private static Evd<double> Regularised(Matrix<double> importance)
    {
        double floor = Math.Max(importance.Trace() / importance.RowCount * Regularisation, double.Epsilon * 1e20);
        return (importance + Matrix<double>.Build.DenseIdentity(importance.RowCount) * floor).Evd(Symmetricity.Symmetric);
    }

    private static Matrix<double> Diagonal(Evd<double>[] blocks, double exponent)
    {
        int width = blocks.Sum(block => block.EigenValues.Count), first = 0;
        Matrix<double> matrix = Matrix<double>.Build.Dense(width, width);
        foreach (Evd<double> block in blocks)
        {
            Vector<double> powers = block.EigenValues.Map(value => Math.Pow(value.Real, exponent));
            matrix.SetSubMatrix(
                first, first, block.EigenVectors * Matrix<double>.Build.DiagonalOfDiagonalVector(powers) * block.EigenVectors.Transpose());
            first += powers.Count;
        }

        return matrix;
    }

    private static float[] Floats(double[] values) => Array.ConvertAll(values, value => (float)value);
}
