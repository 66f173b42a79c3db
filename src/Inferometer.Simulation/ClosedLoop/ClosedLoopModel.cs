using Inferometer.Core;
using Inferometer.Simulation.Calibration;
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
    private const int QueueRounds = 40;

    // A prompt never adds less to a running step than this share of what it takes alone: the arithmetic of a step hides behind reading
    // weights only as far as both are idle.
    private const double LeastPromptShare = 0.2;

    /// <summary>Prices a closed loop.</summary>
    /// <param name="plan">The deployment.</param>
    /// <param name="load">Users and lengths.</param>
    /// <exception cref="InferometerException">The load or the deployment is impossible.</exception>
    public static ClosedLoopEstimate Estimate(ICostPlan plan, in ClosedLoopLoad load)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ServingWeights weights = ServingWeights.Of(plan);
        ClosedLoopSteps steps = Steps(plan, load, Room(plan, load));
        double stall = weights.Stall * steps.StallSeconds(load);
        double tpot = steps.Decode + stall;
        double replayed = Replay(plan, load, steps);
        double queue = weights.Queue * Math.Max(0, replayed - steps.Prompt);
        double prompt = weights.Prompt * steps.Prompt;
        double admission = AdmissionSeconds(plan, steps.Decode, steps.Sequences);
        double ttft = admission + prompt + queue;
        return new ClosedLoopEstimate
        {
            TimeToFirstTokenSeconds = ttft,
            TimePerOutputTokenSeconds = tpot,
            EndToEndSeconds = ttft + ((load.MeanOutputTokens - 1) * tpot),
            StepSeconds = steps.Decode,
            StallSeconds = stall,
            PromptSeconds = prompt,
            QueueSeconds = queue,
            AdmissionSeconds = admission,
            SequencesPerRank = steps.Sequences,
            Room = steps.Room,
            Basis = plan.Basis,
        };
    }

    /// <summary>
    /// Prices a closed loop whose prompts are read by other workers than decode: nobody's prompt stalls those that decode. Prompts queue
    /// as in
    /// front of one server with even service: rho / (2 (1 - rho)) prompts on average, never more than half of the users.
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
        ServingWeights weights = ServingWeights.Of(answers);
        ClosedLoopSteps steps = Steps(answers, load, Room(answers, load));
        double prompt = weights.Prompt * prompts.Step([new PrefillChunk(0, load.MeanInputTokens)], []).LatencySeconds / Ranks(prompts);
        double admission = AdmissionSeconds(answers, steps.Decode, steps.Sequences);
        double answer = (load.MeanOutputTokens - 1) * steps.Decode;
        double queue = 0;
        for (int i = 0; i < QueueRounds; i++)
        {
            double busy = Math.Min(0.99, promptUsers * prompt / (admission + prompt + queue + answer));
            double waited = Math.Min(prompt * busy / (2 * (1 - busy)), prompt * promptUsers / 2);
            queue = (queue + waited) / 2; // halved steps: the loop is its own cause
        }

        double ttft = admission + prompt + queue;
        return new ClosedLoopEstimate
        {
            TimeToFirstTokenSeconds = ttft,
            TimePerOutputTokenSeconds = steps.Decode,
            EndToEndSeconds = ttft + answer,
            StepSeconds = steps.Decode,
            StallSeconds = 0,
            PromptSeconds = prompt,
            QueueSeconds = queue,
            AdmissionSeconds = admission,
            SequencesPerRank = steps.Sequences,
            Room = steps.Room,
            Basis = answers.Basis,
        };
    }

    /// <summary>
    /// What the first token waits for beside its own prompt and the queue: transport, tokenisation, steps that run, and the host's work
    /// for the requests in flight. Measured where the plan is calibrated, half a step otherwise.
    /// </summary>
    /// <param name="plan">The deployment.</param>
    /// <param name="stepSeconds">A decode step of all requests in flight, seconds.</param>
    /// <param name="sequences">Requests in flight on one rank.</param>
    public static double AdmissionSeconds(ICostPlan plan, double stepSeconds, double sequences)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ServingWeights weights = ServingWeights.Of(plan);
        return weights.Fixed + (weights.Steps * stepSeconds) + (weights.PerUser * sequences);
    }

    /// <summary>The steps that a loop's times follow from.</summary>
    internal static ClosedLoopSteps Steps(ICostPlan plan, in ClosedLoopLoad load, int? room)
    {
        int ranks = Ranks(plan);
        int users = Math.Min(load.Users, room ?? load.Users);
        int sequences = Math.Max(1, (users + ranks - 1) / ranks);
        int input = load.MeanInputTokens, output = load.MeanOutputTokens;
        Span<PrefillChunk> prompt = [new(0, input)];
        Span<DecodeGroup> decoding = [new(input + Math.Max(1, output / 2), sequences)];
        double decode = plan.Decode(new WorkloadPoint(users, input, output)).LatencySeconds;
        double alone = plan.Step(prompt, []).LatencySeconds;
        double added = plan.Step(prompt, decoding).LatencySeconds - plan.Step([], decoding).LatencySeconds;
        return new ClosedLoopSteps
        {
            Decode = decode,
            Prompt = alone,
            Added = Math.Max(added, LeastPromptShare * alone),
            Sequences = sequences,
            Room = room,
        };
    }

    /// <summary>
    /// Requests of the load's mean length that the deployment has room for; null where its cost model knows nothing of memory.
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
        FrameworkSteps framework = plan is CalibratedPlan calibrated ? calibrated.Match.Subject.Framework : FrameworkSteps.All[0];
        int ranks = Ranks(plan);
        double one = plan.Decode(new WorkloadPoint(ranks, load.MeanInputTokens, load.MeanOutputTokens)).LatencySeconds;
        int users = Math.Max(1, (load.Users + ranks - 1) / ranks);
        int room = Math.Max(1, (steps.Room ?? MostSequences) / ranks);
        return ClosedLoopReplay.MeanFirstTokenSeconds(users, room, load, new ReplayedSteps
        {
            One = one,
            Full = steps.Decode,
            FullSequences = steps.Sequences,
            MixedToken = steps.Added / load.MeanInputTokens,
            PromptToken = steps.Prompt / load.MeanInputTokens,
            Budget = framework.StepTokens,
            Mixed = framework.MixesSteps,
        });
    }

    private static int Ranks(ICostPlan plan) => plan.Request.Parallelism.Data;

    private static bool? Need(ICostPlan plan, in ClosedLoopLoad load, int requests) =>
        plan.Memory(new WorkloadPoint(requests, load.MeanInputTokens, load.MeanOutputTokens), WorkspaceBytes) is { } memory
            ? memory.WeightBytes + memory.KvCacheBytes + memory.ActivationBytes <= MemoryShare * memory.NominalBytes
            : null;
}
