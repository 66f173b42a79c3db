using Inferometer.Core;
using Inferometer.Scheduling;
using Inferometer.Serving;
using Inferometer.Simulation.Costs;

namespace Inferometer.Simulation.Serving;

/// <summary>How a simulated service is run.</summary>
public sealed record ServingSimulationOptions
{
    /// <summary>Batching, budgets and limits of each replica: the engine's own options.</summary>
    public SchedulerOptions Scheduler { get; init; } = new();

    /// <summary>Blocks of KV cache of each replica, at least 1; null = as many as the device has room for.</summary>
    public int? BlockCount { get; init; }

    /// <summary>Tokens per block.</summary>
    public int BlockSize { get; init; } = 16;

    /// <summary>Full blocks are kept and reused by requests that begin alike.</summary>
    public bool PrefixCaching { get; init; } = true;

    /// <summary>
    /// Service level whose goodput is counted, and samples kept of each metric. Timelines are kept by <see cref="KeepOutcomes"/>.
    /// </summary>
    public ServingRecorderOptions Recorder { get; init; } = new();

    /// <summary>What the framework spends on each step beside what the cost model counts.</summary>
    public StepOverhead Overhead { get; init; } = StepOverhead.None;

    /// <summary>
    /// What lies beside the times of steps: how much of others' prompts is felt, and what requests wait for outside steps. Null = what the
    /// plan is calibrated to.
    /// </summary>
    public ServiceCoefficients? Coefficients { get; init; }

    /// <summary>
    /// From the end of a step until its tokens are with those who asked, and until what they ask next is with the service, at least 0,
    /// seconds; steps go on meanwhile. Null = what the plan is calibrated to, which mostly knows of none.
    /// </summary>
    public double? HandOverSeconds { get; init; }

    /// <summary>Steps are computed in passes by slots, each with keys and values of its own; null = at once.</summary>
    public SlotStreams? Slots { get; init; }

    /// <summary>Equal replicas behind a router, at least 1.</summary>
    public int Replicas { get; init; } = 1;

    /// <summary>Which replica a request goes to.</summary>
    public RoutingPolicy Routing { get; init; }

    /// <summary>Prefill and decode apart; null = every replica does both.</summary>
    public Disaggregation? Disaggregation { get; init; }

    /// <summary>What is not measured.</summary>
    public WarmUp WarmUp { get; init; } = WarmUp.None;

    /// <summary>Keeps what became of every request, about 100 bytes each.</summary>
    public bool KeepOutcomes { get; init; }

    /// <summary>
    /// The draft network's own deployment where decoding is speculative with one; null = prepared by the cost model of the plan's name.
    /// </summary>
    public ICostPlan? DraftPlan { get; init; }

    /// <summary>Seed of what is left to chance in the service itself: which drafted tokens are accepted.</summary>
    public ulong Seed { get; init; }

    /// <summary>
    /// Steps between two events in which nothing but contexts changes are run in one go. Off: one by one, for comparison; what comes out
    /// is the
    /// same.
    /// </summary>
    public bool RepeatSteps { get; init; } = true;

    /// <summary>Is told of every step; null = nobody.</summary>
    public IServiceObserver? Observer { get; init; }

    /// <summary>Checks every value.</summary>
    /// <exception cref="InferometerException">A value is out of range; the message names it.</exception>
    public void Validate()
    {
        Scheduler.Validate();
        Recorder.Validate();
        Overhead.Validate();
        Require(
            HandOverSeconds is null or (>= 0 and <= 3600), $"{HandOverSeconds} s to hand tokens over; allowed is 0 to 3600");
        Coefficients?.Validate();
        Require(
            Slots is null or { PassTokens: >= 1, SharedAt: >= 0 },
            $"passes of {Slots?.PassTokens} tokens by slots, of which {Slots?.SharedAt} share; allowed is 1 or more, and 0 or more");
        Require(Replicas is >= 1 and <= 100_000, $"{Replicas} replicas; allowed is 1 to 100000");
        Require(BlockSize is >= 1 and <= 65_536, $"{BlockSize} tokens a block; allowed is 1 to 65536");
        Require(BlockCount is null or >= 1, $"{BlockCount} blocks; allowed is 1 or more");
        Disaggregation?.Validate(Replicas);
    }

    private static void Require(bool sound, FormattableString what)
    {
        if (!sound)
        {
            throw new InferometerException($"serving simulation: {FormattableString.Invariant(what)}.");
        }
    }
}
