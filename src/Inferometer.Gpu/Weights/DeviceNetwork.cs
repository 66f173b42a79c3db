namespace Inferometer.Gpu.Weights;

/// <summary>A gated feed-forward network on the device.</summary>
/// <param name="Gate">Gates.</param>
/// <param name="Up">The other half.</param>
/// <param name="Down">Back to the width of the residual stream.</param>
internal sealed record DeviceNetwork(DeviceProjection Gate, DeviceProjection Up, DeviceProjection Down)
{
    /// <summary>Whether one of the matrices of the input wants it rounded.</summary>
    public bool RoundsInput => Gate.Matrix.Kernels.RoundsActivations || Up.Matrix.Kernels.RoundsActivations;

    /// <summary>Whether one kernel can run both halves.</summary>
    public bool HasLikeHalves => Gate.Matrix.Type == Up.Matrix.Type && Gate.HasBias == Up.HasBias;
}
