namespace Inferometer.Inference.Constraints.Decoding;

/// <summary>
/// A state and what to come back to when its rule ends: the top of a stack whose lower part is shared. Equal stacks are one object.
/// </summary>
/// <param name="id">A running number.</param>
/// <param name="state">The state.</param>
/// <param name="below">The caller's stack; null = the end of the text.</param>
/// <param name="cost">Tokens of the shortest completion from the state to the end of the text.</param>
internal sealed class StackNode(int id, int state, StackNode? below, int cost)
{
    public int Id => id;

    public int State => state;

    public StackNode? Below => below;

    public int Cost => cost;

    /// <summary>What the stack below costs.</summary>
    public int CostBelow => below?.Cost ?? 0;
}
