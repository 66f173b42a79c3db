namespace Inferometer.Core.Models;

/// <summary>
/// Weights beside the parts every decoder has, named and counted: a low-rank branch, an extra norm, a second embedding table, a tower for
/// images.
/// A family that hangs something small on a layer needs no type of its own.
/// </summary>
/// <param name="Name">What it is, in words.</param>
/// <param name="Parameters">Parameters.</param>
/// <param name="Use">What a step does with them.</param>
public sealed record SidePart(string Name, long Parameters, SidePartUse Use);

/// <summary>What a step over text does with the weights of a <see cref="SidePart"/>.</summary>
public enum SidePartUse
{
    /// <summary>Read once per step and multiplied with every token: two FLOPs per parameter and token.</summary>
    Multiplied,

    /// <summary>Read once per step and applied element by element: a norm, a scale, a bias.</summary>
    Applied,

    /// <summary>A table of which a token reads a small part.</summary>
    LookedUp,

    /// <summary>Loaded, but idle while the input is text: a tower, a layer that only images reach.</summary>
    Idle,
}
