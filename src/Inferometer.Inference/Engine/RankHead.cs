using System.Globalization;
using System.Numerics.Tensors;
using Inferometer.Core;
using Inferometer.Core.Models;
using Inferometer.ModelFiles;
using Inferometer.ModelFiles.Formats;
using Inferometer.ModelFiles.Generation;
using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.Inference.Engine;

/// <summary>
/// What makes a score of a text's pooled state: a classification head of the model's files, with one output (its sigmoid is the score) or,
/// of decoders, two (the share of the first in their softmax), or the two rows of the head that give the logits of <c>yes</c> and
/// <c>no</c>, as Qwen3-Reranker is used.
/// </summary>
/// <param name="weights">One or two rows, [hidden].</param>
/// <param name="biases">As many.</param>
/// <param name="scale">Factor on the outputs.</param>
/// <param name="softcap">tanh cap on the outputs; 0 = none.</param>
internal sealed class RankHead(float[][] weights, float[] biases, double scale = 1, double softcap = 0)
{
    /// <summary>Why a model without a head cannot score, as the end of a sentence.</summary>
    public const string Missing =
        "its files hold no classification head with one or two outputs, and no single tokens for 'yes' and 'no' whose logits could serve.";

    private static readonly string[] Classifiers = ["score", "cls.output", "classifier.out_proj", "classifier", "cls"];
    private static readonly string[] Heads = ["lm_head", "output"];
    private static readonly string[] Embeddings = ["model.embed_tokens", "token_embd"];

    /// <summary>Which states the head reads.</summary>
    public EmbeddingPooling Pooling { get; private init; } = EmbeddingPooling.Last;

    /// <summary>The layer before the outputs, or null.</summary>
    private RankLayer? Inner { get; init; }

    /// <summary>The head of a model; null where it has none, and no single tokens for yes and no.</summary>
    /// <param name="files">The model's files.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <param name="refusal">Why there is none, as the end of a sentence.</param>
    /// <exception cref="InferometerException">A decoder's classification head has another shape.</exception>
    public static RankHead? Of(Checkpoint files, Tokenizer tokenizer, out string? refusal)
    {
        ModelArchitecture architecture = files.Architecture;
        refusal = null;
        if (Find(files.Tensors, Classifiers) is { } classifier)
        {
            if (classifier.Rows is not (1 or 2) || classifier.Columns != architecture.HiddenSize
                || (architecture.IsEncoder && classifier.Rows != 1))
            {
                string shape = string.Create(
                    CultureInfo.InvariantCulture,
                    $"the classification head '{classifier.Name}' has {classifier.Rows} outputs of {classifier.Columns} inputs; ");
                refusal = shape + (architecture.IsEncoder ? "one" : "one or two")
                    + string.Create(CultureInfo.InvariantCulture, $" of {architecture.HiddenSize} make a score.");

                // An encoder with labels of another kind still gives vectors.
                return architecture.IsEncoder ? null : throw new InferometerException($"{classifier.Source}: {refusal}");
            }

            string ofBias = classifier.Name.Replace(".weight", ".bias", StringComparison.Ordinal);
            float[] biases = files.Tensors.TryGetTensor(ofBias, out ModelTensor? bias) ? bias.DecodeAll() : new float[classifier.Rows];
            return new RankHead([.. Enumerable.Range(0, (int)classifier.Rows).Select(row => Row(classifier, row))], biases)
            {
                Pooling = PoolingOf(files),
                Inner = architecture.IsEncoder ? RankLayer.Of(files) : null,
            };
        }

        // A tied head may be in the file all the same, and is then a copy.
        ModelTensor? head = architecture.HasHead ? Find(files.Tensors, Heads) ?? Find(files.Tensors, Embeddings) : null;
        if (head is not null && tokenizer.TryGetId("yes", out int yes) && tokenizer.TryGetId("no", out int no))
        {
            return new RankHead([Row(head, yes), Row(head, no)], [0, 0], architecture.LogitScale, architecture.FinalLogitSoftcap);
        }

        refusal = architecture.HasHead ? Missing : "its files hold no classification head with one output.";
        return null;
    }

    /// <summary>The score of a state, 0 to 1.</summary>
    /// <param name="state">Pooled state after the final norm, [hidden].</param>
    public float Score(ReadOnlySpan<float> state)
    {
        state = Inner is null ? state : Inner.Apply(state);
        double first = Output(0, state);
        return (float)(1 / (1 + Math.Exp(weights.Length == 1 ? -first : Output(1, state) - first)));
    }

    private double Output(int row, ReadOnlySpan<float> state)
    {
        double output = (TensorPrimitives.Dot(weights[row], state) + biases[row]) * scale;
        return softcap > 0 ? softcap * Math.Tanh(output / softcap) : output;
    }

    // Decoders read a text's last token; encoders its first, but for ModernBERT, whose folders say it and whose GGUF files mean all.
    private static EmbeddingPooling PoolingOf(Checkpoint files) => !files.Architecture.IsEncoder ? EmbeddingPooling.Last
        : files.EmbeddingDefaults.ClassifierPooling
            ?? (files.Architecture.ModelType is "modern-bert" ? EmbeddingPooling.Mean : EmbeddingPooling.Cls);

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

    internal static float[] Row(ModelTensor tensor, int row)
    {
        float[] values = new float[tensor.Columns];
        tensor.DecodeRow(row, values);
        return values;
    }
}
