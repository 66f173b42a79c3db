namespace Inferometer.Serving.Arrivals;

/// <summary>
/// Where requests come from while a service is simulated: a trace, or a generator, which may wait for answers before it asks more. The
/// order of arrivals is that of time, and where times are equal that of the source. Not thread-safe.
/// </summary>
public interface IArrivalSource
{
    /// <summary>
    /// When the next request arrives; null while none is known. After an answer there may be one again, at the answer's time or later.
    /// </summary>
    double? NextSeconds { get; }

    /// <summary>True where answers bring further requests, so that <see cref="NextSeconds"/> may change with each.</summary>
    bool Listens { get; }

    /// <summary>Takes the next request out.</summary>
    /// <exception cref="InvalidOperationException">None is known.</exception>
    Arrival Take();

    /// <summary>Tells that a request was answered, or refused.</summary>
    /// <param name="arrival">The request, as it was taken.</param>
    /// <param name="seconds">When.</param>
    /// <param name="isRefused">True when it was refused.</param>
    void Answered(Arrival arrival, double seconds, bool isRefused);
}
