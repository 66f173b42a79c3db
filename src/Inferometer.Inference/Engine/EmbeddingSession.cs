using System.Numerics.Tensors;
using Inferometer.ModelFiles.Generation;
using Inferometer.Runners;
using Inferometer.Scheduling;

namespace Inferometer.Inference.Engine;

/// <summary>One embedding on its way: sums or keeps hidden states as the chunks of the prompt are computed.</summary>
internal sealed class EmbeddingSession(EmbeddingPooling pooling, bool normalise, int hiddenSize, IModelAdapter? adapter) : ISequenceOwner
{
    private readonly TaskCompletionSource<float[]> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly double[] _sum = new double[hiddenSize];
    private int _next;

    public IModelAdapter? Adapter => adapter;

    public bool WantsHiddenStates => true;

    public ReadOnlyMemory<int> Segments { get; init; }

    public Task<float[]> Result => _result.Task;

    public Sequence? Sequence { get; set; }

    public void TakeStep(StepChunk chunk, StepRows rows)
    {
        if (chunk.PastTokens == 0)
        {
            Array.Clear(_sum); // first chunk, or again after a preemption
        }

        _next = chunk.PastTokens + chunk.TokenCount;
        (int first, int end) = pooling switch
        {
            EmbeddingPooling.Mean => (0, chunk.TokenCount),
            EmbeddingPooling.Last => (chunk.TokenCount - 1, chunk.TokenCount),
            _ => (0, chunk.PastTokens == 0 ? 1 : 0), // of the first chunk the first token
        };
        for (int token = first; token < end; token++)
        {
            Add(rows.HiddenState(token));
        }
    }

    public void OnEnded(Sequence sequence)
    {
        if (sequence.FinishReason != FinishReason.Length)
        {
            _result.TrySetCanceled();
            return;
        }

        var vector = new float[hiddenSize];
        for (int i = 0; i < vector.Length; i++)
        {
            vector[i] = (float)(pooling == EmbeddingPooling.Mean ? _sum[i] / _next : _sum[i]);
        }

        float norm = TensorPrimitives.Norm(vector);
        if (normalise && norm > 0)
        {
            TensorPrimitives.Divide(vector, norm, vector);
        }

        _result.TrySetResult(vector);
    }

    public void Fail(Exception error) => _result.TrySetException(error);

    private void Add(ReadOnlySpan<float> state)
    {
        for (int i = 0; i < state.Length; i++)
        {
            _sum[i] = pooling == EmbeddingPooling.Mean ? _sum[i] + state[i] : state[i];
        }
    }
}
