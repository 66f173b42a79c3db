using Inferometer.Cpu.Kernels.Matrices;

namespace Inferometer.Cpu.Lora;

/// <summary>What an adapter adds to one linear layer: <c>scale * up(down(x))</c>.</summary>
/// <param name="Down">A, [rank, inputs].</param>
/// <param name="Up">B, [outputs, rank].</param>
/// <param name="Scale">alpha / rank, or alpha / sqrt(rank) for rank-stabilised adapters.</param>
internal sealed record LoraPair(WeightMatrix Down, WeightMatrix Up, float Scale) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose()
    {
        Down.Dispose();
        Up.Dispose();
    }
}
