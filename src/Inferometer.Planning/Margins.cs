using Inferometer.Planning.Answers;
using Inferometer.Planning.Demand;
using Inferometer.Planning.Deployments;
using Inferometer.Planning.Trials;

namespace Inferometer.Planning;

/// <summary>How far an answer is from not being one.</summary>
internal static class Margins
{
    private const double MostFactor = 4;
    private const int Halvings = 7;

    /// <summary>The largest load that the replicas of an answer carry within the level, found by halving.</summary>
    public static Headroom HeadroomOf(PlanAnswer answer, ServiceDemand demand, TrialRunner runner, CancellationToken cancellationToken)
    {
        bool Holds(double factor)
        {
            ServiceDemand more = demand.Scale(factor);
            Trial trial = runner.Of(answer.Deployment, answer.Replicas, more, cancellationToken);
            return runner.Confirmed(answer.Deployment, answer.Replicas, more, trial, cancellationToken).Meets;
        }

        double low = 1, high = MostFactor;
        if (Holds(high))
        {
            return Of(demand, high, isMore: true);
        }

        for (int i = 0; i < Halvings && demand.Scale(low) != demand.Scale(high); i++)
        {
            double middle = (low + high) / 2;
            (low, high) = Holds(middle) ? (middle, high) : (low, middle);
        }

        return Of(demand, low, isMore: false);
    }

    /// <summary>One replica less, or where prompts are read apart one that decodes.</summary>
    public static FailureOutcome FailureOf(PlanAnswer answer, PlanRequest request, TrialRunner runner, CancellationToken cancellationToken)
    {
        int remaining = answer.Provision.Replicas - 1;
        ReplicaCount replicas = answer.Replicas;
        if (remaining >= replicas.Total)
        {
            return new FailureOutcome(remaining, Trial: null);
        }

        bool nobodyLeft = replicas.Decode <= 1;
        return nobodyLeft
            ? new FailureOutcome(0, Trial: null)
            : new FailureOutcome(
                remaining,
                runner.Of(answer.Deployment, new ReplicaCount(replicas.Total - 1, replicas.Prefill), request.Demand, cancellationToken));
    }

    private static Headroom Of(ServiceDemand demand, double factor, bool isMore)
    {
        ServiceDemand more = demand.Scale(factor);
        double load = demand.IsClosed ? more.Users : more.RequestsPerSecond;
        return new Headroom(load / (demand.IsClosed ? demand.Users : demand.RequestsPerSecond), load, isMore);
    }
}
