using System.Numerics.Tensors;
using Inferometer.Core;
using Inferometer.Core.Models;
using Inferometer.ModelFiles;
using Inferometer.ModelFiles.Formats;
using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.Inference.Engine;

/// <summary>
/// What makes a score of the state of a prompt's last token: a classification head of the model's files, with one output (its sigmoid is
/// the score) or two (the share of the first in their softmax), or the two rows of the head that give the logits of <c>yes</c> and
/// <c>no</c>, as Qwen3-Reranker is used.
/// </summary>
/// <param name="weights">One or two rows, [hidden].</param>
/// <param name="biases">As many.</param>
/// <param name="scale">Factor on the outputs.</param>
/// <param name="softcap">tanh cap on the outputs; 0 = none.</param>
internal sealed class RankHead(float[][] weights, float[] biases, double scale = 1, double softcap = 0)
{
    private static readonly string[] Classifiers = ["score", "cls.output"];
    private static readonly string[] Heads = ["lm_head", "output"];
    private static readonly string[] Embeddings = ["model.embed_tokens", "token_embd"];

    /// <summary>The head of a model; null where it has none, and no single tokens for yes and no.</summary>
    /// <exception cref="InferometerException">The classification head has another shape.</exception>
    public static RankHead? Of(Checkpoint files, Tokenizer tokenizer)
    {
        ModelArchitecture architecture = files.Architecture;
        if (Find(files.Tensors, Classifiers) is { } classifier)
        {
            if (classifier.Rows is not (1 or 2) || classifier.Columns != architecture.HiddenSize)
            {
                throw new InferometerException(
                    $"{classifier.Source}: the classification head '{classifier.Name}' has {classifier.Rows} outputs of "
                    + $"{classifier.Columns} inputs; one or two of {architecture.HiddenSize} make a score.");
            }

            string ofBias = classifier.Name.Replace(".weight", ".bias", StringComparison.Ordinal);
            float[] biases = files.Tensors.TryGetTensor(ofBias, out ModelTensor? bias) ? bias.DecodeAll() : new float[classifier.Rows];
            return new RankHead([.. Enumerable.Range(0, (int)classifier.Rows).Select(row => Row(classifier, row))], biases);
        }

        // A tied head may be in the file all the same, and is then a copy.
        ModelTensor? head = Find(files.Tensors, Heads) ?? Find(files.Tensors, Embeddings);
        return head is not null && tokenizer.TryGetId("yes", out int yes) && tokenizer.TryGetId("no", out int no)
            ? new RankHead([Row(head, yes), Row(head, no)], [0, 0], architecture.LogitScale, architecture.FinalLogitSoftcap)
            : null;
    }

    /// <summary>The score of a state, 0 to 1.</summary>
    /// <param name="state">State after the final norm, [hidden].</param>
    public float Score(ReadOnlySpan<float> state)
    {
        double first = Output(0, state);
        return (float)(1 / (1 + Math.Exp(weights.Length == 1 ? -first : Output(1, state) - first)));
    }

    private double Output(int row, ReadOnlySpan<float> state)
    {
        double output = (TensorPrimitives.Dot(weights[row], state) + biases[row]) * scale;
        return softcap > 0 ? softcap * Math.Tanh(output / softcap) : output;
    }

    private static ModelTensor? Find(ITensorSource tensors, string[] stems)
    {
        foreach (string stem in stems)
        {
            if (tensors.TryGetTensor(stem + ".weight", out ModelTensor? tensor))
            {
                return tensor;
            }
        }

        return null;
    }

    private static float[] Row(ModelTensor tensor, int row)
    {
        float[] values = new float[tensor.Columns];
        tensor.DecodeRow(row, values);
        return values;
    }
}
