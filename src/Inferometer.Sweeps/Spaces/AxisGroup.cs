namespace Inferometer.Sweeps.Spaces;

/// <summary>Axes that go in step: one axis of a product, or the axes of a list.</summary>
/// <param name="Axes">The axes, all of one length.</param>
public sealed record AxisGroup(IReadOnlyList<Axis> Axes)
{
    /// <summary>Places of the group.</summary>
    public int Length => Axes[0].Values.Count;
}
