using System.Collections;
using System.Globalization;
using Inferometer.Core;

namespace Inferometer.Serving.Arrivals;

/// <summary>
/// What is asked of a service and when: requests in order of arrival. Immutable; drives a real engine and a simulated one alike.
/// </summary>
public sealed class ArrivalTrace : IReadOnlyList<Arrival>
{
    private const double MostSeconds = 8_640_000; // 100 days: the virtual clock ends soon after

    private readonly Arrival[] _arrivals;

    /// <summary>Takes requests that are in order of arrival.</summary>
    /// <param name="arrivals">The requests; copied.</param>
    /// <param name="name">What error messages call the trace.</param>
    /// <exception cref="InferometerException">
    /// A request is out of order or out of range; the message says which, by its number from 1.
    /// </exception>
    public ArrivalTrace(IEnumerable<Arrival> arrivals, string name = "arrival trace")
    {
        ArgumentNullException.ThrowIfNull(arrivals);
        ArgumentNullException.ThrowIfNull(name);
        Name = name;
        _arrivals = [.. arrivals];
        Arrival? previous = null;
        for (int i = 0; i < _arrivals.Length; i++)
        {
            Check(_arrivals[i], previous, string.Create(CultureInfo.InvariantCulture, $"{name}, request {i + 1}"));
            previous = _arrivals[i];
        }
    }

    /// <summary>What error messages call it, such as the file it came from.</summary>
    public string Name { get; }

    /// <inheritdoc/>
    public int Count => _arrivals.Length;

    /// <summary>Time of the last arrival, seconds; 0 when there is none.</summary>
    public double LastSeconds => _arrivals.Length == 0 ? 0 : _arrivals[^1].Seconds;

    /// <summary>Prompt tokens of all requests.</summary>
    public long InputTokens => _arrivals.Sum(a => (long)a.InputTokens);

    /// <summary>Tokens that all requests generate.</summary>
    public long OutputTokens => _arrivals.Sum(a => (long)a.OutputTokens);

    /// <inheritdoc/>
    public Arrival this[int index] => _arrivals[index];

    /// <summary>Requests of one kind at equal distances, the first at 0.</summary>
    /// <param name="count">How many, at least 0.</param>
    /// <param name="requestsPerSecond">Rate, above 0; infinite = all at 0.</param>
    /// <param name="inputTokens">Prompt tokens of each.</param>
    /// <param name="outputTokens">Generated tokens of each.</param>
    /// <exception cref="InferometerException">A value is out of range.</exception>
    public static ArrivalTrace Constant(int count, double requestsPerSecond, int inputTokens, int outputTokens)
    {
        CheckRate(count, requestsPerSecond);
        return new(Enumerable.Range(0, count).Select(i => Of(i / requestsPerSecond, inputTokens, outputTokens)), "constant arrivals");
    }

    /// <summary>
    /// Requests of one kind that arrive independently of each other: the gaps are exponentially distributed, the first request comes at
    /// 0.
    /// </summary>
    /// <param name="count">How many, at least 0.</param>
    /// <param name="requestsPerSecond">Mean rate, above 0; infinite = all at 0.</param>
    /// <param name="inputTokens">Prompt tokens of each.</param>
    /// <param name="outputTokens">Generated tokens of each.</param>
    /// <param name="seed">The same seed gives the same trace, on every machine.</param>
    /// <exception cref="InferometerException">A value is out of range.</exception>
    public static ArrivalTrace Poisson(int count, double requestsPerSecond, int inputTokens, int outputTokens, int seed)
    {
        CheckRate(count, requestsPerSecond);
        SeededRandom random = new((ulong)seed, 0);
        Arrival[] arrivals = new Arrival[count];
        double now = 0;
        for (int i = 0; i < count; i++)
        {
            arrivals[i] = Of(now, inputTokens, outputTokens);
            now += random.Exponential() / requestsPerSecond;
        }

        return new ArrivalTrace(arrivals, "Poisson arrivals");
    }

    /// <inheritdoc/>
    public IEnumerator<Arrival> GetEnumerator() => ((IEnumerable<Arrival>)_arrivals).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>The trace as a source, from its beginning.</summary>
    public IArrivalSource ToSource() => new TraceArrivals(this);

    internal static void Check(Arrival arrival, Arrival? previous, string where)
    {
        if (!double.IsFinite(arrival.Seconds) || arrival.Seconds < 0)
        {
            throw Invalid($"{where}: time is {arrival.Seconds}; allowed is any finite number of seconds from 0.");
        }

        if (arrival.Seconds > MostSeconds)
        {
            throw Invalid(
                $"{where}: time is {arrival.Seconds} s; times count from the beginning of the trace and end after {MostSeconds} s.");
        }

        if (arrival.Seconds < previous?.Seconds)
        {
            throw Invalid(
                $"{where}: time is {arrival.Seconds}, before the {previous.Seconds} of the request before it; sort the trace by time.");
        }

        if (arrival.InputTokens < 1)
        {
            throw Invalid($"{where}: input is {arrival.InputTokens}; a prompt has at least 1 token.");
        }

        if (arrival.OutputTokens < 0)
        {
            throw Invalid($"{where}: output is {arrival.OutputTokens}; allowed is 0 or more.");
        }

        if (!arrival.Prompt.IsEmpty && arrival.Prompt.Length != arrival.InputTokens)
        {
            throw Invalid($"{where}: input is {arrival.InputTokens}, but the prompt has {arrival.Prompt.Length} tokens.");
        }

        long described = 0;
        foreach (PromptSegment segment in arrival.Segments.Span)
        {
            described += segment.Tokens;
        }

        if (described > arrival.InputTokens)
        {
            throw Invalid($"{where}: input is {arrival.InputTokens}, but its segments have {described} tokens.");
        }
    }

    private static void CheckRate(int count, double requestsPerSecond)
    {
        if (count < 0 || !(requestsPerSecond > 0))
        {
            throw Invalid($"arrivals: {count} requests at {requestsPerSecond} a second; allowed are 0 or more requests at a rate above 0.");
        }
    }

    private static Arrival Of(double seconds, int input, int output) =>
        new() { Seconds = seconds, InputTokens = input, OutputTokens = output };

    private static InferometerException Invalid(FormattableString message) => new(FormattableString.Invariant(message));
}
