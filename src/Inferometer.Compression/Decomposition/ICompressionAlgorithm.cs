using MathNet.Numerics.LinearAlgebra;

namespace Inferometer.Compression.Decomposition;

/// <summary>A truncated singular value decomposition. Implementations must be thread-safe and depend on their input alone.</summary>
public interface ICompressionAlgorithm
{
    /// <summary>Decomposes a matrix.</summary>
    /// <param name="matrix">Any shape.</param>
    /// <param name="rank">Singular values to keep, 1 to the smaller side.</param>
    /// <exception cref="Core.InferometerException">A value is NaN or infinite, or the rank is out of range.</exception>
    TruncatedSvd Compress(Matrix<double> matrix, int rank);
}
