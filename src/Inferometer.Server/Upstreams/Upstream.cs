namespace Inferometer.Server.Upstreams;

/// <summary>One server behind this one: what it has to do, and whether it is there. Thread-safe.</summary>
/// <param name="address">Where it is.</param>
internal sealed class Upstream(Uri address)
{
    private const int FailuresAllowed = 2;

    private readonly long[] _outcomes = new long[Enum.GetValues<UpstreamOutcome>().Length];
    private long _outstanding;
    private int _requests;
    private int _failedChecks;
    private volatile bool _isDown;

    /// <summary>Where it is, without a slash at the end.</summary>
    public string Prefix { get; } = address.AbsoluteUri.TrimEnd('/');

    /// <summary>Whether it takes requests, as far as is known.</summary>
    public bool IsHealthy => !_isDown;

    /// <summary>Tokens of the requests it is answering, prompts and answers, as far as can be told beforehand.</summary>
    public long OutstandingTokens => Volatile.Read(ref _outstanding);

    /// <summary>Requests it is answering.</summary>
    public int Requests => Volatile.Read(ref _requests);

    /// <summary>Requests that went a way.</summary>
    public long Count(UpstreamOutcome outcome) => Volatile.Read(ref _outcomes[(int)outcome]);

    /// <summary>A request is passed on.</summary>
    public void Begin(long tokens)
    {
        Interlocked.Add(ref _outstanding, tokens);
        Interlocked.Increment(ref _requests);
    }

    /// <summary>It is done with.</summary>
    public void End(long tokens, UpstreamOutcome outcome)
    {
        Interlocked.Add(ref _outstanding, -tokens);
        Interlocked.Decrement(ref _requests);
        Interlocked.Increment(ref _outcomes[(int)outcome]);
        if (outcome is UpstreamOutcome.Failed or UpstreamOutcome.Broken)
        {
            _isDown = true; // until a look at its health says otherwise
        }
    }

    /// <summary>Somebody looked whether it is there.</summary>
    /// <returns>Whether that changed what is thought of it.</returns>
    public bool Checked(bool isWell)
    {
        bool wasDown = _isDown;
        _failedChecks = isWell ? 0 : _failedChecks + 1;
        _isDown = !isWell && (wasDown || _failedChecks >= FailuresAllowed);
        return wasDown != _isDown;
    }
}
