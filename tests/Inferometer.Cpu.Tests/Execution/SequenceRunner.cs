using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Kernels.Attention;
using Inferometer.Cpu.Lora;
using Inferometer.Runners;

namespace Inferometer.Cpu.Tests.Execution;

/// <summary>Runs one sequence in a cache of its own: the smallest loop around <see cref="TransformerModel.Forward"/>.</summary>
internal sealed class SequenceRunner : IDisposable
{
    private readonly TransformerModel _model;
    private readonly PagedKvCache _cache;
    private readonly ForwardBatch _batch = new();
    private readonly int[] _blocks;
    private int _past;

    public SequenceRunner(TransformerModel model, int maxTokens, KvElement element = KvElement.F32, LoraAdapter? adapter = null)
    {
        _model = model;
        Adapter = adapter;
        _cache = model.CreateCache((maxTokens / 16) + 3, element: element);

        // Blocks in falling order, so that a kernel that took positions for slots would be caught.
        _blocks = [.. Enumerable.Range(0, _cache.BlockCount).Reverse()];
    }

    public LoraAdapter? Adapter { get; }

    /// <summary>Runs tokens after those run before and returns the logits of all of them, [tokens][vocabulary].</summary>
    public float[][] Run(ReadOnlySpan<int> tokens)
    {
        int vocabulary = _model.Architecture.VocabularySize;
        float[] logits = new float[tokens.Length * vocabulary];
        _batch.Clear();
        _batch.Add(tokens.ToArray(), _past, _blocks, tokens.Length, Adapter);
        _model.Forward(_batch, _cache, logits);
        _past += tokens.Length;
        return [.. logits.Chunk(vocabulary)];
    }

    /// <summary>Runs a prompt and continues it greedily.</summary>
    public int[] Greedy(ReadOnlySpan<int> prompt, int count)
    {
        var result = new int[count];
        int next = ArgMax(Run(prompt)[^1]);
        for (int i = 0; i < count; i++)
        {
            result[i] = next;
            next = i + 1 < count ? ArgMax(Run([next])[0]) : next;
        }

        return result;
    }

    public static int ArgMax(float[] logits) => Array.IndexOf(logits, logits.Max());

    public void Dispose() => _cache.Dispose();
}
