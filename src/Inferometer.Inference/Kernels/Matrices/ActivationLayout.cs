namespace Inferometer.Inference.Kernels.Matrices;

/// <summary>How the activations of a step are laid out for the kernels of one kind of matrix.</summary>
internal enum ActivationLayout
{
    /// <summary>As given: [tokens][columns] f32.</summary>
    Rows,

    /// <summary>f32, [tile of 8 tokens][column][8]; missing tokens of the last tile are zero.</summary>
    FloatTiles,
}
