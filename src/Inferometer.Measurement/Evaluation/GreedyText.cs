using System.Numerics.Tensors;
using Inferometer.Cpu.Execution;
using Inferometer.ModelFiles.Tokenization;
using Inferometer.Runners;

namespace Inferometer.Measurement.Evaluation;

/// <summary>What a model says with a cache: the likeliest token each time, to the end of the answer or as far as is asked.</summary>
internal static class GreedyText
{
    private const int StepTokens = 128;

    /// <summary>Continues a prompt.</summary>
    /// <param name="model">The model.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <param name="create">Makes an empty cache of so many blocks, for one sequence and steps of 128 tokens.</param>
    /// <param name="prompt">The prompt.</param>
    /// <param name="tokens">Most tokens.</param>
    /// <param name="cancellationToken">Stops between steps.</param>
    public static string Of(
        TransformerModel model, Tokenizer tokenizer, Func<int, KvCache> create, string prompt, int tokens,
        CancellationToken cancellationToken)
    {
        int[] asked = tokenizer.EncodePrompt(prompt);
        int most = Math.Min(tokens, model.ContextTokens - asked.Length);
        if (asked.Length == 0 || most < 1)
        {
            throw new Core.InferometerException(
                $"a prompt of {asked.Length} tokens leaves no room for an answer; the model takes {model.ContextTokens}.");
        }

        using KvCache cache = create(((asked.Length + most) / KvCache.BlockSize) + 1);
        int[] blocks = [.. Enumerable.Range(0, cache.BlockCount)];
        float[] logits = new float[model.Architecture.VocabularySize];
        ForwardBatch batch = new();
        int past = 0;
        for (; past < asked.Length; past += Math.Min(StepTokens, asked.Length - past))
        {
            int count = Math.Min(StepTokens, asked.Length - past);
            Step(asked.AsMemory(past, count), past + count == asked.Length ? 1 : 0);
        }

        List<int> answer = [];
        int[] one = new int[1];
        while (true)
        {
            one[0] = TensorPrimitives.IndexOfMax(logits);
            if (tokenizer.IsEndOfGeneration(one[0]))
            {
                break;
            }

            answer.Add(one[0]);
            if (answer.Count == most)
            {
                break;
            }

            Step(one, 1);
            past++;
        }

        return tokenizer.Decode(answer.ToArray());

        void Step(ReadOnlyMemory<int> ids, int rows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            batch.Clear();
            batch.Add(ids, past, blocks, rows);
            model.Forward(batch, cache, logits);
        }
    }
}
