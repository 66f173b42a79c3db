namespace Inferometer.Compression.Decomposition;

/// <summary>Ways to compute a truncated singular value decomposition.</summary>
public enum SvdSolver
{
    /// <summary>Chosen by size and rank; the result says which was taken.</summary>
    Auto,

    /// <summary>Orthogonal triangularisation, then a dense decomposition of the small factor: exact to rounding.</summary>
    Full,

    /// <summary>
    /// A random range finder with power iterations (Halko, Martinsson and Tropp 2011): far cheaper where the rank is a small part of the
    /// matrix.
    /// </summary>
    Randomized,

    /// <summary>
    /// Eigenvectors of the smaller Gram matrix: cheap for long thin matrices; singular values below about 1e-7 of the largest are noise.
    /// </summary>
    Eigen,
}
