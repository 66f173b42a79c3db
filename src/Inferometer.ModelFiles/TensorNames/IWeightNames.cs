namespace Inferometer.ModelFiles.TensorNames;

/// <summary>A file format's names for the weights of a network.</summary>
public interface IWeightNames
{
    /// <summary>
    /// Name of a tensor without its ending <c>.weight</c> or <c>.bias</c>, or null where the format has none for the role.
    /// </summary>
    /// <param name="role">What the tensor is for.</param>
    /// <param name="layer">Layer, ignored for roles outside the layers.</param>
    string? Stem(WeightRole role, int layer = 0);

    /// <summary>Name, likewise without ending, of one expert's own matrix where experts are stored one by one.</summary>
    /// <param name="role">What the tensor is for.</param>
    /// <param name="layer">Layer, from 0.</param>
    /// <param name="expert">Expert, from 0.</param>
    string? ExpertStem(WeightRole role, int layer, int expert);
}
