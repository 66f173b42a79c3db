namespace Inferometer.Inference.Constraints.Decoding;

/// <summary>
/// A place in a text: every stack of states that the text so far can have led to. Equal places are one object, which remembers what it
/// leads to and which tokens it allows.
/// </summary>
/// <param name="stacks">The stacks, by their numbers.</param>
/// <param name="isComplete">Whether the text may end here.</param>
/// <param name="symbols">Number of symbols.</param>
internal sealed class Configuration(StackNode[] stacks, bool isComplete, int symbols)
{
    public StackNode[] Stacks => stacks;

    /// <summary>Whether the text may end here.</summary>
    public bool IsComplete => isComplete;

    /// <summary>Whether the text must end here.</summary>
    public bool IsFinished => isComplete && stacks.Length == 0;

    /// <summary>Nothing leads here.</summary>
    public bool IsDead => !isComplete && stacks.Length == 0;

    /// <summary>Tokens of the shortest completion.</summary>
    public int Cost { get; } = isComplete ? 0 : stacks.Length == 0 ? Automaton.Never : stacks.Min(stack => stack.Cost);

    /// <summary>Per symbol what it leads to; null where that is not known yet.</summary>
    public Configuration?[] Next { get; } = new Configuration?[symbols];

    /// <summary>The tokens that may follow; null where that is not known yet.</summary>
    public TokenMask? Mask { get; set; }
}
