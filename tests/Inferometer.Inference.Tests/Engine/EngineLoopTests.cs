using Inferometer.Core;
using Inferometer.Inference.Engine;
using Inferometer.Inference.Lora;
using Inferometer.Scheduling;
using Inferometer.Scheduling.Blocks;

namespace Inferometer.Inference.Tests.Engine;

public sealed class EngineLoopTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_request_whose_first_step_fails_ends_with_the_error_instead_of_being_tried_for_ever()
    {
        BlockPool pool = new(new BlockPoolOptions { BlockCount = 16 });
        Scheduler scheduler = new(new SchedulerOptions(), pool, TimeProvider.System);
        using EngineLoop loop = new(scheduler, new OwnedExecutor());
        Owner bad = Submit(loop, throws: true);
        InferometerException error = await Assert.ThrowsAsync<InferometerException>(
            () => bad.Ended.WaitAsync(s_patience, TestContext.Current.CancellationToken));
        Assert.Contains("wrong rows", error.Message, StringComparison.Ordinal);
        Owner good = Submit(loop, throws: false);
        Assert.Equal(FinishReason.Length, await good.Ended.WaitAsync(s_patience, TestContext.Current.CancellationToken));
        Assert.Equal(0, loop.Snapshot.UsedBlocks);
    }

    private static Owner Submit(EngineLoop loop, bool throws)
    {
        Owner owner = new(throws);
        SequenceRequest request = new() { Prompt = new[] { 1, 2, 3 }, MaxNewTokens = 2, Owner = owner };
        loop.Post(() => loop.Scheduler.TrySubmit(request, out _, out _));
        return owner;
    }

    private sealed class OwnedExecutor : IStepExecutor
    {
        public StepOutcome Execute(StepPlan plan, CancellationToken cancellationToken)
        {
            foreach (StepChunk chunk in plan.Chunks)
            {
                ((ISequenceOwner)chunk.Sequence.Request.Owner!).TakeStep(chunk, [], []);
            }

            return new StepOutcome(0.001);
        }
    }

    private sealed class Owner(bool throws) : ISequenceOwner
    {
        private readonly TaskCompletionSource<FinishReason> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<FinishReason> Ended => _ended.Task;

        public LoraAdapter? Adapter => null;

        public bool WantsHiddenStates => false;

        public void TakeStep(StepChunk chunk, Span<float> logits, ReadOnlySpan<float> hiddenStates)
        {
            if (throws)
            {
                throw new InvalidOperationException("wrong rows");
            }

            chunk.Emit(1);
        }

        public void OnEnded(Sequence sequence) => _ended.SetResult(sequence.FinishReason);

        public void Fail(Exception error) => _ended.SetException(error);
    }
}
