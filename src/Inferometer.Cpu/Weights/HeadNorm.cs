using Inferometer.Core.Models;
using Inferometer.Cpu.Kernels.Elementwise;

namespace Inferometer.Cpu.Weights;

/// <summary>The norm on all heads of a token's queries, or of its keys.</summary>
/// <param name="Kind">What is normed together, and with which weights.</param>
/// <param name="Weight">[head width] for <see cref="QkNormKind.PerHead"/> and without parameters, otherwise as wide as all heads.</param>
/// <param name="Bias">[head width] of <see cref="QkNormKind.PerHeadLayerNorm"/>, otherwise null.</param>
internal sealed record HeadNorm(QkNormKind Kind, float[] Weight, float[]? Bias = null)
{
    /// <summary>Normalises in place.</summary>
    /// <param name="heads">Consecutive heads.</param>
    /// <param name="headDim">Width of a head.</param>
    /// <param name="epsilon">Of the network's norms.</param>
    public void Apply(Span<float> heads, int headDim, float epsilon)
    {
        switch (Kind)
        {
            case QkNormKind.FullWidth:
                RmsNorm.Apply(heads, Weight, epsilon, heads);
                break;
            case QkNormKind.EachHead:
                for (int start = 0; start < heads.Length; start += headDim)
                {
                    Span<float> head = heads.Slice(start, headDim);
                    LayerNorm.Apply(head, Weight.AsSpan(start, headDim), [], epsilon, head);
                }

                break;
            case QkNormKind.PerHeadLayerNorm:
                for (int start = 0; start < heads.Length; start += headDim)
                {
                    Span<float> head = heads.Slice(start, headDim);
                    LayerNorm.Apply(head, Weight, Bias, epsilon, head);
                }

                break;
            default:
                RmsNorm.ApplyRows(heads, Weight, epsilon, heads);
                break;
        }
    }
}
