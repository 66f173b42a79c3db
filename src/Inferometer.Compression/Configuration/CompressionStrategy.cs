namespace Inferometer.Compression.Configuration;

/// <summary>How keys and values are compressed.</summary>
public enum CompressionStrategy
{
    /// <summary>Hadamard rotation per head, then blocks of small integers. Needs no calibration.</summary>
    RotatedQuantization,

    /// <summary>Latents from calibrated, weighted decompositions, quantised or not.</summary>
    LowRank,

    /// <summary>Latents from a decomposition of the projection weights alone: the baseline that calibration has to beat.</summary>
    WeightSvd,
}
