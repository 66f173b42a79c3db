using Inferometer.Core.Gguf;
using Inferometer.Core.Models;
using Inferometer.Inference.Kernels.Attention;
using Inferometer.Inference.Kernels.Elementwise;
using Inferometer.Inference.Kernels.Matrices;
using Inferometer.Inference.Threading;

namespace Inferometer.Inference.Execution;

/// <summary>Attention as it is written down: all scores of a query are stored, normalised, and multiplied with the values. Kept to compare with flash attention.</summary>
internal sealed unsafe class StandardAttention : ParallelWork
{
    private readonly StepContext _step;
    private readonly Scratch[] _scratch;
    private PagedKvCache? _cache;
    private AttentionMixer? _mixer;
    private int _layer;

    public StandardAttention(StepContext step)
    {
        _step = step;
        _scratch = new Scratch[step.Pool.ThreadCount];
        for (int i = 0; i < _scratch.Length; i++)
        {
            _scratch[i] = new Scratch();
        }
    }

    /// <summary>Writes the attention output of every query of the step to <see cref="Workspace.Attended"/>.</summary>
    public void Run(PagedKvCache cache, int layer, AttentionMixer mixer)
    {
        (_cache, _layer, _mixer) = (cache, layer, mixer);
        _step.Pool.Run(this, _step.Layout.Batch.Count * mixer.Heads);
    }

    /// <inheritdoc/>
    public override void Execute(int chunk, int worker)
    {
        AttentionMixer mixer = _mixer!;
        (int sequence, int head) = Math.DivRem(chunk, mixer.Heads);
        SequenceSlice slice = _step.Layout.Batch[sequence];
        int firstRow = _step.Layout.FirstTokens[sequence];
        for (int t = 0; t < slice.Tokens.Length; t++)
        {
            Attend(slice, head, firstRow + t, slice.PastTokens + t, _scratch[worker]);
        }
    }

    private void Attend(SequenceSlice slice, int head, int row, int position, Scratch scratch)
    {
        AttentionMixer mixer = _mixer!;
        KvLayerShape shape = _cache!.ShapeOf(_layer);
        int kvHead = head / (mixer.Heads / shape.Heads);
        int first = mixer.WindowTokens > 0 ? Math.Max(0, position + 1 - mixer.WindowTokens) : 0;
        Span<float> scores = scratch.Scores(position + 1 - first);
        float scale = mixer.ScoreScale != 0 ? (float)mixer.ScoreScale : 1 / MathF.Sqrt(mixer.HeadDim);
        ReadOnlySpan<int> blocks = slice.BlockTable.Span;
        fixed (float* query = &_step.Workspace.Query[((long)row * mixer.Heads + head) * mixer.HeadDim])
        {
            for (int i = 0; i < scores.Length; i++)
            {
                scores[i] = scale * Dot(_cache.Keys(_layer), Offset(blocks, first + i, kvHead, shape.Heads, shape.KeyWidth), query, shape.KeyWidth);
            }
        }

        if (mixer.ScoreSoftcap > 0)
        {
            Softcap.Apply(scores, (float)mixer.ScoreSoftcap);
        }

        Softmax.Apply(scores);
        Span<float> output = _step.Workspace.Attended.AsSpan((row * mixer.Heads + head) * mixer.ValueHeadDim, mixer.ValueHeadDim);
        output.Clear();
        Span<float> value = scratch.Row(shape.ValueWidth);
        for (int i = 0; i < scores.Length; i++)
        {
            long offset = Offset(blocks, first + i, kvHead, shape.Heads, shape.ValueWidth);
            RowDecoder.Decode(ElementType, _cache.Values(_layer) + (offset * ElementBytes), shape.ValueWidth, value);
            Scaling.AddMultiple(value, scores[i], output);
        }
    }

    private GgmlType ElementType => _cache!.Element == KvElement.F32 ? GgmlType.F32 : GgmlType.F16;

    private int ElementBytes => _cache!.Element == KvElement.F32 ? sizeof(float) : 2;

    private long Offset(ReadOnlySpan<int> blocks, int position, int head, int heads, int width)
    {
        (int block, int place) = Math.DivRem(position, PagedKvCache.BlockSize);
        return ((((long)blocks[block] * heads) + head) * PagedKvCache.BlockSize + place) * width;
    }

    private float Dot(byte* keys, long offset, float* query, int width) => _cache!.Element == KvElement.F32
        ? FloatDot.Compute((float*)keys + offset, query, width)
        : HalfDot.Compute((ushort*)keys + offset, query, width, brain: false);

    private sealed class Scratch
    {
        private float[] _scores = [];
        private float[] _row = [];

        public Span<float> Scores(int count) => Grow(ref _scores, count);

        public Span<float> Row(int width) => Grow(ref _row, width);

        private static Span<float> Grow(ref float[] array, int length)
        {
            if (array.Length < length)
            {
                array = new float[Math.Max(length, 2 * array.Length)];
            }

            return array.AsSpan(0, length);
        }
    }
}
