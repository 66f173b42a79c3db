namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>How the activations of a step are laid out for the kernels of one kind of matrix.</summary>
internal enum ActivationLayout
{
    /// <summary>As given: [tokens][columns] f32.</summary>
    Rows,

    /// <summary>f32, [tile of 8 tokens][column][8]; missing tokens of the last tile are zero.</summary>
    FloatTiles,

    /// <summary>bf16 in two parts, neighbours in pairs; see <see cref="BrainActivations"/>.</summary>
    BrainTiles,

    /// <summary>The same, every number in a pair with the one 16 columns on.</summary>
    BrainTilesInHalves,

    /// <summary>8-bit integers with a scale per 32 values; see <see cref="Int8Activations"/>.</summary>
    Int8By32,

    /// <summary>The same integers for weights that are stored as unsigned bytes; see <see cref="Int8Activations"/>.</summary>
    Int8By32ForBytes,

    /// <summary>The same integers for weights with a scale per 16 of them; see <see cref="Int8Activations"/>.</summary>
    Int8By32InHalves,

    /// <summary>The same integers, each in 16 bits; see <see cref="Int8Activations"/>.</summary>
    Int16By32,

    /// <summary>13-bit integers, each in 16 bits, with a scale per 32 values; see <see cref="Int8Activations"/>.</summary>
    FineBy32,

    /// <summary>8-bit integers with a scale per 256 values; see <see cref="Int8Activations"/>.</summary>
    Int8By256,
}
