using Inferometer.Serving.Arrivals;

namespace Inferometer.Planning.Trials;

/// <summary>
/// A closed loop whose users do not all ask in the first instant but one after another over a while, as they would be found in the middle
/// of a day. Otherwise the first burst would go on in waves that no service sees.
/// </summary>
/// <param name="users">The loop.</param>
/// <param name="count">Its users.</param>
/// <param name="seconds">The while.</param>
internal sealed class StaggeredUsers(IArrivalSource users, int count, double seconds) : IArrivalSource
{
    private readonly Queue<Arrival> _first = new();
    private bool _begun;

    public bool Listens => users.Listens;

    public double? NextSeconds
    {
        get
        {
            Begin();
            return (_first.TryPeek(out Arrival? first), users.NextSeconds) switch
            {
                (true, { } later) => Math.Min(first!.Seconds, later),
                (true, null) => first!.Seconds,
                (false, var later) => later,
            };
        }
    }

    public Arrival Take()
    {
        Begin();
        return _first.TryPeek(out Arrival? first) && !(users.NextSeconds < first.Seconds) ? _first.Dequeue() : users.Take();
    }

    public void Answered(Arrival arrival, double seconds, bool isRefused) => users.Answered(arrival, seconds, isRefused);

    private void Begin()
    {
        if (_begun)
        {
            return;
        }

        _begun = true;
        for (int i = 0; i < count && users.NextSeconds is not null; i++)
        {
            Arrival arrival = users.Take();
            _first.Enqueue(arrival with { Seconds = Math.Max(arrival.Seconds, seconds * i / count) });
        }
    }
}
