using System.Collections.Concurrent;
using Inferometer.Planning.Answers;
using Inferometer.Planning.Demand;
using Inferometer.Planning.Deployments;
using Inferometer.Planning.Prices;
using Inferometer.Planning.Screening;
using Inferometer.Planning.Trials;

namespace Inferometer.Planning;

/// <summary>
/// Finds the best of what passed the analytic model by simulating it, the most promising first, until nothing that is left could be better
/// by its least replicas. Candidates are taken in batches of a fixed size, so that the result is the same however many threads there are.
/// </summary>
/// <param name="runner">Simulates.</param>
/// <param name="demand">The load.</param>
/// <param name="bounds">What may be spent.</param>
/// <param name="prunes">
/// Only the answer is wanted, not why the others are none: within a batch too nothing is simulated that could not be better than what was
/// found. The answer is the same.
/// </param>
internal sealed class AnswerSearch(
    TrialRunner runner, ServiceDemand demand, ScreenBounds bounds, bool prunes = false)
{
    private const int Batch = 8;
    private const int MostBatches = 40;
    private const int MostGrowth = 3;

    private readonly ConcurrentDictionary<(int Index, ReplicaCount Replicas), Lazy<Trial>> _trials = new();
    private readonly ConcurrentDictionary<(int Index, ReplicaCount Replicas), bool> _confirmed = new();
    private readonly ConcurrentDictionary<int, Rejection> _rejected = new();

    /// <summary>Simulations that were run.</summary>
    public int Simulations => _trials.Values.Sum(t => t.Value.Simulations);

    /// <summary>Candidates that no number of replicas made keep the level.</summary>
    public IReadOnlyDictionary<int, Rejection> Rejected => _rejected;

    /// <summary>
    /// The candidate for which a figure is least; equals are told apart by speed. It keeps the level in a long run as well: one that does
    /// not is searched past.
    /// </summary>
    /// <param name="candidates">What passed.</param>
    /// <param name="of">The figure of what is rented; null = the candidate is out of the question.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    public PlanAnswer? Least(
        IReadOnlyList<Candidate> candidates, Func<Provision, double?> of, CancellationToken cancellationToken) =>
        Confirmed(candidates, () => LeastOfTrials(candidates, of, cancellationToken), cancellationToken);

    private PlanAnswer? Confirmed(IReadOnlyList<Candidate> candidates, Func<PlanAnswer?> search, CancellationToken cancellationToken)
    {
        PlanAnswer? answer = search();
        while (answer is not null)
        {
            Candidate candidate = candidates.First(c => ReferenceEquals(c.Deployment, answer.Deployment));
            (int Index, ReplicaCount Replicas) key = (candidate.Index, answer.Replicas);
            if (_confirmed.ContainsKey(key))
            {
                return answer;
            }

            // What is found from here on rests on the long run too, whether it is this one or another.
            Trial trial = runner.Confirmed(candidate.Deployment, answer.Replicas, demand, answer.Trial, cancellationToken);
            _confirmed[key] = true;
            _trials[key] = new Lazy<Trial>(trial);
            if (trial.Meets)
            {
                return Answer(candidate, answer.Replicas, trial);
            }

            answer = search();
        }

        return null;
    }

    private PlanAnswer? LeastOfTrials(
        IReadOnlyList<Candidate> candidates, Func<Provision, double?> of, CancellationToken cancellationToken)
    {
        (Candidate Candidate, double Bound)[] order =
        [
            .. candidates.Select(c => (Candidate: c, Bound: of(Rented(c, c.Least)))).Where(c => c.Bound is not null)
                .Select(c => (c.Candidate, c.Bound!.Value))
                .OrderBy(c => c.Value).ThenBy(c => c.Candidate.TimePerOutputToken).ThenBy(c => c.Candidate.Index),
        ];
        PlanAnswer? best = null;
        double least = double.PositiveInfinity;
        for (int begin = 0; begin < Math.Min(order.Length, Batch * MostBatches) && order[begin].Bound <= least; begin += Batch)
        {
            double limit = least;
            (Candidate Candidate, double Bound)[] batch = [.. order.Skip(begin).Take(Batch).Where(c => c.Bound <= limit)];
            IEnumerable<PlanAnswer> answers = prunes
                ? Pruned(batch, of, limit, cancellationToken)
                : Evaluate(batch, (c, r) => of(Rented(c, r)) <= limit, cancellationToken);
            foreach (PlanAnswer answer in answers)
            {
                double figure = of(answer.Provision)!.Value;
                if (figure < least || (figure == least && answer.Trial.EndToEnd < best!.Trial.EndToEnd))
                {
                    (best, least) = (answer, figure);
                }
            }
        }

        return best;
    }

    /// <summary>
    /// The fastest for a user: in the order in which the analytic model puts them, until a batch brings nothing faster.
    /// </summary>
    /// <param name="candidates">What passed.</param>
    /// <param name="isAffordable">Whether what is rented may be.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    public PlanAnswer? Fastest(
        IReadOnlyList<Candidate> candidates, Func<Provision, bool> isAffordable, CancellationToken cancellationToken) =>
        Confirmed(candidates, () => FastestOfTrials(candidates, isAffordable, cancellationToken), cancellationToken);

    private PlanAnswer? FastestOfTrials(
        IReadOnlyList<Candidate> candidates, Func<Provision, bool> isAffordable, CancellationToken cancellationToken)
    {
        PlanAnswer? best = null;
        foreach (Candidate[] batch in candidates.Where(c => isAffordable(Rented(c, c.Least))).OrderBy(c =>
            c.TimePerOutputToken).ThenBy(c => c.Index).Take(Batch * MostBatches).Chunk(Batch))
        {
            PlanAnswer? before = best;
            foreach (PlanAnswer answer in Evaluate([.. batch.Select(c => (c, 0.0))], (c, r) =>
                isAffordable(Rented(c, r)), cancellationToken))
            {
                best = best is null || answer.Trial.TimePerOutputToken < best.Trial.TimePerOutputToken ? answer : best;
            }

            if (best is not null && ReferenceEquals(before, best))
            {
                break;
            }
        }

        return best;
    }

    /// <summary>What is rented for a candidate.</summary>
    public Provision Rented(Candidate candidate, ReplicaCount replicas) => Provision.Of(
        replicas.Total, candidate.Deployment.Shape.Devices, bounds.Spares, bounds.SpotShare, candidate.Price);

    private IEnumerable<PlanAnswer> Evaluate(
        (Candidate Candidate, double Bound)[] batch, Func<Candidate, ReplicaCount, bool> isWorth, CancellationToken cancellationToken)
    {
        PlanAnswer?[] answers = new PlanAnswer?[batch.Length];
        Parallel.For(0, batch.Length, new ParallelOptions { CancellationToken = cancellationToken }, i =>
            answers[i] = Evaluate(batch[i].Candidate, r => isWorth(batch[i].Candidate, r), cancellationToken));
        return answers.OfType<PlanAnswer>();
    }

    // Each answer says what the others may cost at most. Of a number of the grid those below it, which are looked at where it is found, may
    // cost less. What is left out depends on who is first, what is best of the rest does not.
    private IEnumerable<PlanAnswer> Pruned(
        (Candidate Candidate, double Bound)[] batch, Func<Provision, double?> of, double limit, CancellationToken cancellationToken)
    {
        double least = limit;
        Lock one = new();
        PlanAnswer?[] answers = new PlanAnswer?[batch.Length];
        Parallel.For(0, batch.Length, new ParallelOptions { CancellationToken = cancellationToken }, i =>
        {
            Candidate candidate = batch[i].Candidate;
            bool IsWorth(ReplicaCount replicas) => of(Rented(candidate, replicas)) <= limit
                && of(Rented(candidate, candidate.Deployment.IsDisaggregated
                    ? replicas
                    : new ReplicaCount(ReplicaGrid.Before(replicas.Total) + 1))) <= Volatile.Read(ref least);
            answers[i] = Evaluate(candidate, IsWorth, cancellationToken);
            if (answers[i] is { } answer)
            {
                lock (one)
                {
                    Volatile.Write(ref least, Math.Min(least, of(answer.Provision)!.Value));
                }
            }
        });
        return answers.OfType<PlanAnswer>();
    }

    // The least replicas that keep the level, one by one from what the analytic model has as the least.
    private PlanAnswer? Evaluate(Candidate candidate, Func<ReplicaCount, bool> isWorth, CancellationToken cancellationToken)
    {
        bool apart = candidate.Deployment.IsDisaggregated;
        ReplicaCount at = apart ? candidate.Least : new ReplicaCount(ReplicaGrid.From(candidate.Least.Total));
        int most = (MostGrowth * candidate.Least.Total) + MostGrowth;
        Trial? last = null;
        while (at.Total <= most)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!isWorth(at) || !IsAllowed(candidate, at))
            {
                return null;
            }

            Trial trial = Trial(candidate, at, cancellationToken);
            if (trial.Meets)
            {
                at = apart ? at : Between(candidate, at, cancellationToken);
                return Answer(candidate, at, Trial(candidate, at, cancellationToken));
            }

            last = trial;
            at = apart ? ReplicaGrid.After(at, trial) : new ReplicaCount(ReplicaGrid.After(ReplicaGrid.From(at.Total)));
            if (!apart && demand.IsClosed && candidate.Least.Total > demand.Users)
            {
                break;
            }
        }

        // Times of a trial in which some requests were not answered say nothing.
        LimitOutcome worst = last!.Worst;
        _rejected.TryAdd(candidate.Index, last.Fault is { } fault
            ? new Rejection(RejectionReason.Simulated, candidate.Deployment, 0, 0) { Note = fault }
            : new Rejection(RejectionReason.Simulated, candidate.Deployment, worst.Seconds, worst.AllowedSeconds)
            {
                Note = FormattableString.Invariant(
                    $"p{worst.Limit.Percentile} {Serving.SloLimit.NameOf(worst.Limit.Metric).ToUpperInvariant()}"),
            });
        return null;
    }

    // Numbers that the grid leaves out, upwards.
    private ReplicaCount Between(Candidate candidate, ReplicaCount found, CancellationToken cancellationToken)
    {
        for (int total = Math.Max(ReplicaGrid.Before(found.Total) + 1, candidate.Least.Total); total < found.Total; total++)
        {
            ReplicaCount fewer = new(total);
            if (Trial(candidate, fewer, cancellationToken).Meets)
            {
                return fewer;
            }
        }

        return found;
    }

    private bool IsAllowed(Candidate candidate, ReplicaCount replicas)
    {
        Provision rented = Rented(candidate, replicas);
        return !(rented.Devices > candidate.MostDevices) && !(rented.DollarsPerMonth > bounds.BudgetPerMonth);
    }

    private Trial Trial(Candidate candidate, ReplicaCount replicas, CancellationToken cancellationToken) => _trials.GetOrAdd(
        (candidate.Index, replicas),
        _ => new Lazy<Trial>(() => runner.Of(candidate.Deployment, replicas, demand, cancellationToken))).Value;

    private PlanAnswer Answer(Candidate candidate, ReplicaCount replicas, Trial trial) => new()
    {
        Deployment = candidate.Deployment,
        Replicas = replicas,
        Provision = Rented(candidate, replicas),
        Trial = trial,
        RestsOn = candidate.Basis?.RestsOn,
        RequestsPerSecond = demand.IsClosed
            ? trial.RequestsPerSecond * replicas.Total / trial.Replicas.Total // of many equal ones some were simulated
            : demand.RequestsPerSecond,
        OutputTokensPerSecond = demand.IsClosed
            ? trial.OutputTokensPerSecond * replicas.Total / trial.Replicas.Total
            : demand.RequestsPerSecond * (demand.Pairs?.MeanOutput ?? demand.Output.Mean),
    };
}
