using BenchmarkDotNet.Attributes;
using Inferometer.Scheduling;
using Inferometer.Scheduling.Blocks;

namespace Inferometer.Benchmarks.Scheduling;

/// <summary>
/// The scheduler alone: every sequence decodes one token a step and the executor does nothing but emit it. Prefix caching is on, as
/// it is by default, so a block is hashed and published once it is full. Aim: 5 million scheduled tokens a second at batch 32, that
/// is 6.4 us a step, and no bytes.
/// </summary>
[MemoryDiagnoser]
public class SchedulerBenchmarks
{
    private const int PromptTokens = 64;
    private const int StepsBeforeRestart = 1024;

    private readonly List<Sequence> _sequences = [];
    private readonly EmittingExecutor _executor = new();
    private Scheduler _scheduler = null!;
    private Sequence _template = null!;
    private int _steps;

    /// <summary>Sequences in a step.</summary>
    [Params(1, 32, 256)]
    public int Batch { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        int sequenceTokens = PromptTokens + StepsBeforeRestart + 8;
        BlockPool pool = new(new BlockPoolOptions { BlockCount = (Batch + 1) * ((sequenceTokens / 16) + 2) * 2 });
        SchedulerOptions options = new() { MaxSequences = Batch + 1, MaxTokensPerStep = 8192, MaxSequenceTokens = sequenceTokens };
        _scheduler = new Scheduler(options, pool, TimeProvider.System);
        _template = Submit(isHeld: true);
        for (int i = 0; i < Batch; i++)
        {
            _sequences.Add(Submit(isHeld: false));
        }

        for (int i = 0; i < (2 * StepsBeforeRestart) + Batch; i++)
        {
            Step(); // every list has its size, every block was written once
        }
    }

    /// <summary>
    /// One step. Now and then all sequences go back to their beginning, so that the benchmark can run for ever without allocating.
    /// </summary>
    [Benchmark(Description = "decode step")]
    public int Step()
    {
        if (_steps++ == StepsBeforeRestart)
        {
            _steps = 0;
            foreach (Sequence sequence in _sequences)
            {
                _scheduler.Overwrite(sequence, _template);
                _scheduler.Append(sequence, 1);
            }
        }

        return _scheduler.Step(_executor, CancellationToken.None).TokenCount;
    }

    private Sequence Submit(bool isHeld)
    {
        SequenceRequest request = new() { Prompt = new int[PromptTokens], Owner = isHeld ? this : null };
        return _scheduler.TrySubmit(request, out Sequence? sequence, out Rejection? rejection)
            ? sequence
            : throw new InvalidOperationException(rejection.Message);
    }

    private sealed class EmittingExecutor : IStepExecutor
    {
        public StepOutcome Execute(StepPlan plan, CancellationToken cancellationToken)
        {
            IReadOnlyList<StepChunk> chunks = plan.Chunks;
            for (int i = 0; i < chunks.Count; i++)
            {
                StepChunk chunk = chunks[i];
                if (chunk.LogitRows > 0 && chunk.Sequence.Request.Owner is null)
                {
                    chunk.Emit((int)(chunk.Sequence.Id << 16) + chunk.PastTokens); // no two sequences have a block in common
                }
            }

            return new StepOutcome(0.001);
        }
    }
}
