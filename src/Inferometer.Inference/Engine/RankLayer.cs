using System.Numerics.Tensors;
using Inferometer.Core;
using Inferometer.Cpu.Kernels.Elementwise;
using Inferometer.ModelFiles;
using Inferometer.ModelFiles.Formats;

namespace Inferometer.Inference.Engine;

/// <summary>
/// The layer of an encoder's classification head before its outputs: BERT's pooler and RoBERTa's dense layer with tanh, ModernBERT's with
/// GELU and a norm.
/// </summary>
/// <param name="rows">[hidden][hidden].</param>
/// <param name="biases">[hidden], or null.</param>
/// <param name="norm">Weights of a layer norm behind a GELU, [hidden]; null for tanh.</param>
/// <param name="epsilon">Of that norm.</param>
internal sealed class RankLayer(float[][] rows, float[]? biases, float[]? norm, float epsilon)
{
    // Of checkpoints and GGUF files; a file that has outputs alone has none of them.
    private static readonly string[] Names = ["classifier.dense", "head.dense", "bert.pooler.dense", "pooler.dense", "cls"];
    private static readonly string[] Norms = ["head.norm", "cls.norm"];

    /// <summary>The layer of a model's files, or null.</summary>
    /// <exception cref="InferometerException">It has another shape.</exception>
    public static RankLayer? Of(Checkpoint files)
    {
        int hidden = files.Architecture.HiddenSize;
        ITensorSource tensors = files.Tensors;
        foreach (string name in Names)
        {
            if (!tensors.TryGetTensor(name + ".weight", out ModelTensor? dense) || dense.Rows == 1)
            {
                continue;
            }

            if (dense.Rows != hidden || dense.Columns != hidden)
            {
                throw new InferometerException(
                    $"{dense.Source}: tensor '{dense.Name}' is [{string.Join(", ", dense.Shape)}]; the classification head asks for "
                        + $"[{hidden}, {hidden}].");
            }

            ModelTensor? norm = Norms.Select(one => tensors.TryGetTensor(one + ".weight", out ModelTensor? found) ? found : null)
                .FirstOrDefault(found => found is not null);
            return new RankLayer(
                [.. Enumerable.Range(0, hidden).Select(row => RankHead.Row(dense, row))],
                tensors.TryGetTensor(name + ".bias", out ModelTensor? bias) ? bias.DecodeAll() : null,
                norm?.DecodeAll(), (float)files.Architecture.NormEpsilon);
        }

        return null;
    }

    /// <summary>What the outputs read.</summary>
    /// <param name="state">Pooled state, [hidden].</param>
    public float[] Apply(ReadOnlySpan<float> state)
    {
        float[] values = new float[rows.Length];
        for (int row = 0; row < values.Length; row++)
        {
            values[row] = TensorPrimitives.Dot(rows[row], state) + (biases is null ? 0 : biases[row]);
        }

        if (norm is null)
        {
            TensorPrimitives.Tanh(values, values);
            return values;
        }

        float[] ones = new float[values.Length];
        Array.Fill(ones, 1);
        GatedActivation.GeluErf(values, ones, values);
        LayerNorm.Apply(values, norm, [], epsilon, values);
        return values;
    }
}
