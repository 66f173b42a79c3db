namespace Inferometer.Serving.Arrivals;

/// <summary>Arrivals of another source that are told of as they are taken, so that long work can say how far it has come.</summary>
/// <param name="source">Where they come from.</param>
/// <param name="taken">Told of each.</param>
public sealed class CountedArrivals(IArrivalSource source, Action<Arrival> taken) : IArrivalSource
{
    /// <inheritdoc/>
    public double? NextSeconds => source.NextSeconds;

    /// <inheritdoc/>
    public bool Listens => source.Listens;

    /// <inheritdoc/>
    public Arrival Take()
    {
        Arrival arrival = source.Take();
        taken(arrival);
        return arrival;
    }

    /// <inheritdoc/>
    public void Answered(Arrival arrival, double seconds, bool isRefused) => source.Answered(arrival, seconds, isRefused);
}
