using Inferometer.Serving.Arrivals;

namespace Inferometer.Simulation.Serving;

/// <summary>Sends requests to replicas.</summary>
internal sealed class Router(RoutingPolicy policy, IReadOnlyList<Replica> replicas)
{
    private readonly Dictionary<(int Kind, int Number), Replica> _homes = [];
    private readonly Dictionary<string, Replica> _groupHomes = new(StringComparer.Ordinal);
    private int _turn;

    /// <summary>It looks at what the replicas have under way.</summary>
    public bool LooksAtState => replicas.Count > 1 && policy != RoutingPolicy.RoundRobin;

    public Replica For(Arrival arrival)
    {
        if (replicas.Count == 1)
        {
            return replicas[0];
        }

        return policy switch
        {
            RoutingPolicy.RoundRobin => replicas[_turn++ % replicas.Count],
            RoutingPolicy.LeastTokens => Least(),
            _ => Home(arrival),
        };
    }

    private Replica Home(Arrival arrival)
    {
        if (arrival.Group is { } group)
        {
            return _groupHomes.TryGetValue(group, out Replica? home) ? home : _groupHomes[group] = Least();
        }

        // A conversation by its number, what begins alike by what it begins with.
        (int, int) key = arrival.Session > 0 ? (0, arrival.Session)
            : !arrival.Segments.IsEmpty ? (1, arrival.Segments.Span[0].Content)
            : !arrival.Prompt.IsEmpty ? (2, arrival.Prompt.Span[0])
            : (-1, 0);
        if (key.Item1 < 0)
        {
            return Least();
        }

        return _homes.TryGetValue(key, out Replica? known) ? known : _homes[key] = Least();
    }

    private Replica Least()
    {
        Replica least = replicas[0];
        foreach (Replica replica in replicas)
        {
            least = replica.OutstandingTokens < least.OutstandingTokens ? replica : least;
        }

        return least;
    }
}
