using Inferometer.Cpu.Kernels.Attention;

namespace Inferometer.Cpu.Tests.Kernels;

/// <summary>
/// The exact codec with values accumulated in a space of its own (negated), to prove that each codec's sums are kept apart and transformed
/// back.
/// </summary>
internal sealed unsafe class MirroredCodec(KvPageLayout layout) : KvCodec
{
    private readonly ExactKvCodec _exact = new(layout);

    public override long PageBytes => _exact.PageBytes;

    public override int PreparedWidth => _exact.PreparedWidth;

    public override int AccumulatorWidth => _exact.AccumulatorWidth;

    public override int ScratchFloats => _exact.ScratchFloats;

    public override float ProbabilityScale => -2;

    public override void PrepareQueries(int kvHead, float* queries, int count, float* prepared) =>
        _exact.PrepareQueries(kvHead, queries, count, prepared);

    public override void Scores(in KvPageRun run, int kvHead, float* prepared, int count, float* scores, int stride, float* scratch)
        => _exact.Scores(run, kvHead, prepared, count, scores, stride, scratch);

    public override void Accumulate(
        in KvPageRun run, int kvHead, float* probabilities, int stride, int count, int tokens, float* accumulator, float* scratch)
        => _exact.Accumulate(run, kvHead, probabilities, stride, count, tokens, accumulator, scratch);

    public override void AddTo(int kvHead, float* accumulator, int count, float* output)
    {
        float[] values = new float[count * layout.ValueDim];
        fixed (float* target = values)
        {
            _exact.AddTo(kvHead, accumulator, count, target);
        }

        for (int i = 0; i < values.Length; i++)
        {
            output[i] -= values[i] / 2;
        }
    }
}
