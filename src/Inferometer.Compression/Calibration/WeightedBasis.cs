using Inferometer.Compression.Codecs;
using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Factorization;

namespace Inferometer.Compression.Calibration;

/// <summary>The latents of a vector that lose least where not all directions matter alike, and what each of them is worth.</summary>
/// <param name="Basis">All latents, in falling order of worth.</param>
/// <param name="Eigenvalues">Mean squared effect of dropping each latent, falling: the loss of a rank is the sum of the rest.</param>
public sealed record WeightedBasis(LatentBasis Basis, double[] Eigenvalues)
{
    /// <summary>Share of the mean importance that is added to every direction, so that the root can be inverted.</summary>
    private const double Regularisation = 1e-4;

    /// <summary>Minimises E[(x - x')^T S (x - x')]: eigenvectors U of S^(1/2) C S^(1/2); latent U^T S^(1/2) (x - mean), rebuilt by S^(-1/2) U.</summary>
    /// <param name="mean">Mean vector, [width].</param>
    /// <param name="covariance">C, [width, width].</param>
    /// <param name="importance">S, [width, width], symmetric, not negative.</param>
    internal static WeightedBasis Of(Vector<double> mean, Matrix<double> covariance, Matrix<double> importance)
    {
        int width = mean.Count;
        double floor = Math.Max(importance.Trace() / width * Regularisation, double.Epsilon * 1e20);
        Evd<double> root = (importance + Matrix<double>.Build.DenseIdentity(width) * floor).Evd(Symmetricity.Symmetric);
        Matrix<double> sqrt = Power(root, 0.5), inverse = Power(root, -0.5);
        Evd<double> evd = (sqrt * covariance * sqrt).Evd(Symmetricity.Symmetric);
        Matrix<double> vectors = Matrix<double>.Build.Dense(width, width, (row, column) => evd.EigenVectors[row, width - 1 - column]);
        double[] values = [.. Enumerable.Range(0, width).Select(i => Math.Max(0, evd.EigenValues[width - 1 - i].Real))];
        return new WeightedBasis(Single(mean, vectors.TransposeThisAndMultiply(sqrt), inverse * vectors), values);
    }

    /// <summary>Eigenvectors of nothing but a projection's weights, [width, hidden]: the baseline, which knows neither inputs nor what they are used for.</summary>
    internal static WeightedBasis OfWeights(Matrix<double> weights)
    {
        Svd<double> svd = weights.TransposeAndMultiply(weights).Svd();
        int width = weights.RowCount;
        return new WeightedBasis(Single(Vector<double>.Build.Dense(width), svd.U.Transpose(), svd.U), svd.S.ToArray());
    }

    private static LatentBasis Single(Vector<double> mean, Matrix<double> encoder, Matrix<double> decoder) => new(
        mean.Count, encoder.RowCount, Floats(mean.ToArray()), Floats(encoder.ToRowMajorArray()), Floats(decoder.ToRowMajorArray()));

    private static Matrix<double> Power(Evd<double> evd, double exponent)
    {
        Vector<double> powers = evd.EigenValues.Map(value => Math.Pow(value.Real, exponent));
        return evd.EigenVectors * Matrix<double>.Build.DiagonalOfDiagonalVector(powers) * evd.EigenVectors.Transpose();
    }

    private static float[] Floats(double[] values) => Array.ConvertAll(values, value => (float)value);
}
