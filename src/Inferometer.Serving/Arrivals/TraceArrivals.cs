namespace Inferometer.Serving.Arrivals;

/// <summary>The requests of a trace, whatever becomes of them.</summary>
internal sealed class TraceArrivals(ArrivalTrace trace) : IArrivalSource
{
    private int _next;

    public double? NextSeconds => _next < trace.Count ? trace[_next].Seconds : null;

    public bool Listens => false;

    public Arrival Take() => _next < trace.Count ? trace[_next++] : throw new InvalidOperationException("the trace has ended");

    public void Answered(Arrival arrival, double seconds, bool isRefused)
    {
    }
}
