using Inferometer.Core.Models;
using Inferometer.Cpu.Weights;
using Inferometer.Inference.Engine;
using Inferometer.ModelFiles;
using Inferometer.Runners;

namespace Inferometer.Gpu.Tests.Execution;

/// <summary>A provider whose runners count the rows of logits and the candidates that they are asked for.</summary>
internal sealed class CountingProvider(IRunnerProvider inner) : IRunnerProvider
{
    public string DeviceName => inner.DeviceName;

    public long FreeBytes => inner.FreeBytes;

    public int RowsFetched { get; private set; }

    public int CandidatesFetched { get; private set; }

    public void Require(ModelArchitecture architecture, InferenceOptions options) => inner.Require(architecture, options);

    public IModelRunner CreateRunner(
        Checkpoint checkpoint, InferenceOptions options, int blockCount, IProgress<LoadProgress>? progress,
        CancellationToken cancellationToken) =>
        new Runner(this, inner.CreateRunner(checkpoint, options, blockCount, progress, cancellationToken));

    private sealed class Runner(CountingProvider counts, IModelRunner inner) : IModelRunner
    {
        public ModelArchitecture Architecture => inner.Architecture;

        public int ContextTokens => inner.ContextTokens;

        public int BlockSize => inner.BlockSize;

        public int BlockCount => inner.BlockCount;

        public RunnerMemory Memory => inner.Memory;

        public RunnerStatistics Statistics => inner.Statistics;

        public IModelAdapter LoadAdapter(string path, double scale = 1) => inner.LoadAdapter(path, scale);

        public void CopyBlock(int source, int destination) => inner.CopyBlock(source, destination);

        public void Forward(ForwardBatch batch) => inner.Forward(batch);

        public int BestToken(int row) => inner.BestToken(row);

        public RowCandidates Candidates(int row)
        {
            counts.CandidatesFetched++;
            return inner.Candidates(row);
        }

        public Span<float> Logits(int row)
        {
            counts.RowsFetched++;
            return inner.Logits(row);
        }

        public ReadOnlySpan<float> HiddenState(int token) => inner.HiddenState(token);

        public void Dispose() => inner.Dispose();
    }
}
