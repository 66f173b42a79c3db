using Inferometer.Core;
using Inferometer.Core.Frameworks;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.ClosedLoop;

/// <summary>
/// What users of a closed loop see, from a handful of priced steps. TPOT is the decode step of all users plus what other requests' prompts
/// add to it: each of them reads one prompt per answer. TTFT is admission, the request's own prompt, and the queue of
/// <see cref="ClosedLoopReplay"/>. With a calibrated plan its measured coefficients weigh these parts, with any other they count whole.
/// </summary>
public static class ClosedLoopModel
{
    // Beside weights and cache: activations, graphs, workspaces; and the share of memory that frameworks take for themselves as they come.
    private const double WorkspaceBytes = 3e9;
    private const double MemoryShare = 0.92;
    private const int MostSequences = 4096;

    // A prompt never adds less to a running step than this share of what it takes alone: the arithmetic of a step hides behind reading
    // weights only as far as both are idle.
    private const double LeastPromptShare = 0.2;

    /// <summary>Prices a closed loop.</summary>
    /// <param name="plan">The deployment.</param>
    /// <param name="load">Users and lengths.</param>
    /// <exception cref="InferometerException">The load or the deployment is impossible.</exception>
    public static ClosedLoopEstimate Estimate(ICostPlan plan, in ClosedLoopLoad load) => Estimate(plan, load, mostRunning: null);

    /// <summary>The same where a service runs no more than some requests at once, whatever memory there is.</summary>
    internal static ClosedLoopEstimate Estimate(ICostPlan plan, in ClosedLoopLoad load, int? mostRunning)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ServingWeights weights = ServingWeights.Of(plan);
        int? fitting = Room(plan, load);
        int? room = mostRunning < (fitting ?? int.MaxValue) ? mostRunning : fitting;
        ClosedLoopSteps steps = Steps(plan, load, room);
        double stall = steps.StallSeconds(load, weights.Stall);
        double tpot = steps.Decode + stall;
        bool isAlone = load.Users < 2; // nobody waits
        double queue = isAlone ? 0 : weights.Queue * Math.Max(0, Replay(plan, load, steps) - steps.PromptPace);
        bool isFull = steps.Room < load.Users;
        double unlimited = isFull ? weights.Queue * Math.Max(0, Replay(plan, load, steps with { Room = null }) - steps.PromptPace) : queue;
        double prompt = Math.Max(weights.Prompt * steps.Prompt, steps.LeastPrompt);
        double admission = weights.AdmissionSeconds(steps.Decode, steps.Sequences);
        double answer = (load.MeanOutputTokens - 1) * tpot;
        double turn = weights.TurnSeconds(admission + prompt + queue + answer, load.Users);
        queue += turn;
        double ttft = admission + prompt + queue;
        return new ClosedLoopEstimate
        {
            TimeToFirstTokenSeconds = ttft,
            TimePerOutputTokenSeconds = tpot,
            EndToEndSeconds = ttft + answer,
            StepSeconds = steps.Decode,
            StallSeconds = stall,
            PromptSeconds = prompt,
            QueueSeconds = queue,
            RoomSeconds = Math.Max(0, queue - turn - unlimited),
            AdmissionSeconds = admission,
            DecodingUsers = Math.Min(load.Users, steps.Room ?? load.Users),
            SequencesPerRank = steps.Sequences,
            Room = steps.Room,
            Basis = plan.Basis,
        };
    }

    /// <summary>
    /// Prices a closed loop whose prompts are read by other workers than decode: nobody's prompt stalls those that decode, and who waits
    /// for a prompt worker does not decode. Two stations in a circle: with n users decoding, n / answer(n) requests a second come back and
    /// want their prompts read, of which a worker reads as many in a step as its framework lets it, with even service; they queue
    /// rho / (2 (1 - rho)) prompts on average. That n is found with which both stations together hold all users; prompt workers that are
    /// too few so leave decode workers idle.
    /// </summary>
    /// <param name="prompts">A worker that reads prompts.</param>
    /// <param name="promptUsers">Users per such worker.</param>
    /// <param name="answers">A worker that decodes.</param>
    /// <param name="load">Users of that worker, and lengths.</param>
    /// <exception cref="InferometerException">The load or a deployment is impossible.</exception>
    public static ClosedLoopEstimate EstimateSeparate(ICostPlan prompts, double promptUsers, ICostPlan answers, in ClosedLoopLoad load)
    {
        ArgumentNullException.ThrowIfNull(prompts);
        ArgumentNullException.ThrowIfNull(answers);
        SeparateStations stations = new(prompts, load.Users / promptUsers, answers, load);
        int? room = Room(answers, load);
        double most = Math.Min(load.Users, room ?? load.Users);
        double decoding = stations.Decoding(most);
        int sequences = stations.SequencesPerRank(decoding);
        double token = stations.TokenSeconds(decoding);
        double answer = (load.MeanOutputTokens - 1) * token;
        double admission = stations.AdmissionSeconds(token, sequences);

        // Where decode workers are full, who has no room waits before them.
        double others = decoding < most ? 0 : ((load.Users - decoding) * answer / decoding) - admission - stations.PromptSeconds;
        double queue = Math.Max(stations.QueueSeconds(decoding / answer), others);
        double ttft = admission + stations.PromptSeconds + queue;
        return new ClosedLoopEstimate
        {
            TimeToFirstTokenSeconds = ttft,
            TimePerOutputTokenSeconds = token,
            EndToEndSeconds = ttft + answer,
            StepSeconds = token,
            StallSeconds = 0,
            PromptSeconds = stations.PromptSeconds,
            QueueSeconds = queue,
            AdmissionSeconds = admission,
            DecodingUsers = decoding,
            SequencesPerRank = sequences,
            Room = room,
            Basis = answers.Basis,
        };
    }

    /// <summary>The steps that a loop's times follow from.</summary>
    internal static ClosedLoopSteps Steps(ICostPlan plan, in ClosedLoopLoad load, int? room)
    {
        int ranks = Ranks(plan);
        int users = Math.Min(load.Users, room ?? load.Users);
        int sequences = Math.Max(1, (users + ranks - 1) / ranks);
        int input = load.MeanInputTokens, output = load.MeanOutputTokens;
        Span<PrefillChunk> prompt = [new(load.CachedTokens, input - load.CachedTokens)];
        Span<DecodeGroup> decoding = [new(input + Math.Max(1, output / 2), sequences)];
        double decode = TokenSeconds(plan, users, load);
        PhaseTotals alone = plan.Step(prompt, []), mixed = plan.Step(prompt, decoding);
        double beside = plan.Step([], decoding).LatencySeconds;
        return new ClosedLoopSteps
        {
            Decode = decode,
            Prompt = alone.LatencySeconds,
            PromptPace = alone.PaceSeconds,
            Added = Math.Max(mixed.LatencySeconds - beside, LeastPromptShare * alone.PaceSeconds),
            LeastPrompt = alone.PeakSeconds,
            LeastAdded = mixed.PeakSeconds - beside,
            Sequences = sequences,
            Room = room,
        };
    }

    /// <summary>
    /// Requests of the load's mean lengths that the deployment has room for; null where its cost model knows nothing of memory. A framework
    /// that keeps room for the whole answer of each counts it whole; with others, sequences in flight have on average half of theirs.
    /// </summary>
    internal static int? Room(ICostPlan plan, in ClosedLoopLoad load)
    {
        if (Need(plan, load, 1) is not { } one)
        {
            return null;
        }

        // A deployment that does not hold even one request is priced as asked: whether it fits is said elsewhere.
        int low = 1, high = MostSequences;
        while (one && low < high)
        {
            int middle = (low + high + 1) / 2;
            (low, high) = Need(plan, load, middle)!.Value ? (middle, high) : (low, middle - 1);
        }

        return one ? low : MostSequences;
    }

    /// <summary>Mean seconds from arrival to the end of the step that ends the prompt, by replaying the loop of one rank.</summary>
    internal static double Replay(ICostPlan plan, in ClosedLoopLoad load, in ClosedLoopSteps steps)
    {
        FrameworkProfile framework = plan.Framework();
        int ranks = Ranks(plan);
        double one = TokenSeconds(plan, ranks, load);
        int read = load.MeanInputTokens - load.CachedTokens;
        int users = Math.Max(1, (load.Users + ranks - 1) / ranks);
        int room = Math.Max(1, (steps.Room ?? MostSequences) / ranks);
        ClosedLoopLoad uncached = load with { InputTokens = load.InputTokens - load.CachedTokens };
        return ClosedLoopReplay.MeanFirstTokenSeconds(users, room, uncached, new ReplayedSteps
        {
            One = one,
            Full = steps.Decode,
            FullSequences = steps.Sequences,
            MixedToken = steps.Added / read,
            PromptToken = steps.PromptPace / read,
            Budget = framework.SizeOn(plan.Request.System.Device).BudgetTokens,
            Mixed = !framework.Scheduler.PromptsFirst,
        });
    }

    /// <summary>Seconds per token of a decode step: with drafted tokens a step gives more than one.</summary>
    internal static double TokenSeconds(ICostPlan plan, int users, in ClosedLoopLoad load)
    {
        PhaseTotals step = plan.Decode(new WorkloadPoint(users, load.MeanInputTokens, load.MeanOutputTokens));
        return step.LatencySeconds / Math.Max(1, step.TokensPerStep);
    }

    private static int Ranks(ICostPlan plan) => plan.Request.Parallelism.Data;

    private static bool? Need(ICostPlan plan, in ClosedLoopLoad load, int requests)
    {
        int output = plan.Framework().Scheduler.ReservesOutput ? load.MeanOutputTokens : Math.Max(1, load.MeanOutputTokens / 2);
        return plan.Memory(new WorkloadPoint(requests, load.MeanInputTokens, output), WorkspaceBytes) is { } memory
            ? memory.WeightBytes + memory.KvCacheBytes + memory.ActivationBytes <= MemoryShare * memory.NominalBytes
            : null;
    }
}
