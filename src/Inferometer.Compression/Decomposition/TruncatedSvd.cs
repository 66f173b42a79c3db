using MathNet.Numerics.LinearAlgebra;

namespace Inferometer.Compression.Decomposition;

/// <summary>A ~ Left x diag(SingularValues) x Right^T, and how far off that is.</summary>
/// <param name="Left">[rows, rank], orthonormal columns.</param>
/// <param name="SingularValues">[rank], falling.</param>
/// <param name="Right">[columns, rank], orthonormal columns.</param>
/// <param name="Solver">The solver that was used; never <see cref="SvdSolver.Auto"/>.</param>
/// <param name="MatrixNorm">Frobenius norm of A.</param>
/// <param name="FrobeniusError">Frobenius norm of what is left out, exact to rounding.</param>
/// <param name="SpectralErrorBound">Upper bound of the largest singular value of what is left out: the next singular value where it was
/// computed, else the Frobenius error.</param>
public sealed record TruncatedSvd(
    Matrix<double> Left, Vector<double> SingularValues, Matrix<double> Right, SvdSolver Solver, double MatrixNorm, double FrobeniusError,
    double SpectralErrorBound)
{
    /// <summary>Columns kept.</summary>
    public int Rank => SingularValues.Count;

    /// <summary>Error relative to the matrix, 0 to 1; 0 for a zero matrix.</summary>
    public double RelativeError => MatrixNorm > 0 ? FrobeniusError / MatrixNorm : 0;

    /// <summary>The approximation, [rows, columns].</summary>
    public Matrix<double> Reconstruct() =>
        Left.MapIndexed((_, column, value) => value * SingularValues[column]).TransposeAndMultiply(Right);
}
