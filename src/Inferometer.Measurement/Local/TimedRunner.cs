using System.Diagnostics;
using Inferometer.Core.Models;
using Inferometer.Runners;
using Inferometer.Simulation.Requests;

namespace Inferometer.Measurement.Local;

/// <summary>A runner that notes what every step was and what it took.</summary>
/// <param name="runner">What runs them; goes with this one.</param>
internal sealed class TimedRunner(IModelRunner runner) : IModelRunner
{
    private readonly long _origin = Stopwatch.GetTimestamp();

    /// <summary>The steps, in order.</summary>
    public List<TimedStep> Steps { get; } = [];

    public ModelArchitecture Architecture => runner.Architecture;

    public int ContextTokens => runner.ContextTokens;

    public int BlockSize => runner.BlockSize;

    public int BlockCount => runner.BlockCount;

    public RunnerMemory Memory => runner.Memory;

    public RunnerStatistics Statistics => runner.Statistics;

    public IModelAdapter LoadAdapter(string path, double scale = 1) => runner.LoadAdapter(path, scale);

    public void CopyBlock(int source, int destination) => runner.CopyBlock(source, destination);

    public bool CanResume(int block, int tokens) => runner.CanResume(block, tokens);

    public void WatchBlocks(Func<int, int> usersOf) => runner.WatchBlocks(usersOf);

    public void Forward(ForwardBatch batch)
    {
        double begin = Now();
        runner.Forward(batch);
        double end = Now();
        List<PrefillChunk> prefill = [];
        List<DecodeGroup> decode = [];
        for (int i = 0; i < batch.Count; i++)
        {
            SequenceSlice slice = batch[i];
            if (slice.Tokens.Length == 1 && slice.PastTokens > 0)
            {
                decode.Add(new DecodeGroup(slice.PastTokens + 1));
            }
            else
            {
                prefill.Add(new PrefillChunk(slice.PastTokens, slice.Tokens.Length, EndsPrompt: slice.LogitRows > 0));
            }
        }

        Steps.Add(new TimedStep(begin, end, [.. prefill], [.. decode]));
    }

    public int BestToken(int row) => runner.BestToken(row);

    public RowCandidates Candidates(int row) => runner.Candidates(row);

    public Span<float> Logits(int row) => runner.Logits(row);

    public ReadOnlySpan<float> HiddenState(int token) => runner.HiddenState(token);

    public void Dispose() => runner.Dispose();

    private double Now() => Stopwatch.GetElapsedTime(_origin).TotalSeconds;
}
