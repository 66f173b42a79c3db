namespace Inferometer.Serving.Arrivals;

/// <summary>
/// Requests made up one by one as they are taken, so that a million take no more memory than one: of an open loop, of users who wait for
/// answers, and of conversations that grow turn by turn. Arrivals, lengths and thinking have generators of their own: another rate leaves
/// the lengths as they are.
/// </summary>
public sealed class GeneratedArrivals : IArrivalSource
{
    private const double RefusedUserWaitsSeconds = 1;

    private readonly TrafficOptions _options;
    private readonly SeededRandom _lengths;
    private readonly SeededRandom _thinking;
    private readonly Func<double>? _process;
    private readonly PriorityQueue<Conversation, (double Seconds, long Number)> _due = new();
    private readonly Dictionary<int, Conversation> _asking = [];
    private double _nextFresh = double.PositiveInfinity;
    private long _numbers;
    private int _made;
    private int _conversations;
    private int _contents;

    /// <summary>Creates a generator at its beginning.</summary>
    /// <exception cref="Core.InferometerException">An option is out of range.</exception>
    public GeneratedArrivals(TrafficOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _options = options;
        _lengths = new SeededRandom(options.Seed, 1);
        _thinking = new SeededRandom(options.Seed, 2);
        _contents = options.SharedPrefixes; // contents 1 to that are the shared beginnings
        if (options.Process is { } process)
        {
            _process = process.Begin(new SeededRandom(options.Seed, 0));
            _nextFresh = _process();
        }

        for (int user = 0; user < options.Users; user++)
        {
            double begins = options.RampSeconds * user / options.Users;
            Schedule(new Conversation(), begins + options.Think.Draw(_thinking));
        }
    }

    /// <inheritdoc/>
    public bool Listens => _process is null || _options.Turns is not null;

    /// <inheritdoc/>
    public double? NextSeconds
    {
        get
        {
            double next =
                Math.Min(_nextFresh, _due.TryPeek(out _, out (double Seconds, long Number) due) ? due.Seconds : double.PositiveInfinity);
            return _made < (_options.Requests ?? int.MaxValue) && next <= (_options.DurationSeconds ?? double.MaxValue) ? next : null;
        }
    }

    /// <inheritdoc/>
    public Arrival Take()
    {
        double now = NextSeconds ?? throw new InvalidOperationException("no further request is known");
        Conversation conversation;
        if (now == _nextFresh) // before turns that are due at the same time
        {
            conversation = new Conversation();
            _nextFresh = _process!();
        }
        else
        {
            conversation = _due.Dequeue();
        }

        _made++;
        Begin(conversation);
        (int input, int output) = _options.Pairs is { } pairs ? pairs.Draw(_lengths)
            : (_options.Input.Draw(_lengths), _options.Output.Draw(_lengths));
        return conversation.Ask(now, input, output, ref _contents);
    }

    /// <inheritdoc/>
    public void Answered(Arrival arrival, double seconds, bool isRefused)
    {
        ArgumentNullException.ThrowIfNull(arrival);
        if (!Listens || !_asking.TryGetValue(arrival.Session, out Conversation? conversation))
        {
            return;
        }

        double wait = _options.Think.Draw(_thinking);
        if (!isRefused && conversation.TurnsLeft > 0)
        {
            conversation.Hear(arrival.OutputTokens);
            Schedule(conversation, seconds + wait);
            return;
        }

        _asking.Remove(arrival.Session);
        if (_options.Users > 0)
        {
            Schedule(new Conversation(), seconds + (isRefused ? Math.Max(wait, RefusedUserWaitsSeconds) : wait));
        }
    }

    private void Schedule(Conversation conversation, double seconds) => _due.Enqueue(conversation, (seconds, _numbers++));

    // What a conversation is like is drawn when it is first taken: the order of answers must not change it.
    private void Begin(Conversation conversation)
    {
        if (conversation.HasBegun)
        {
            return;
        }

        conversation.HasBegun = true;
        conversation.TurnsLeft = _options.Turns?.Draw(_lengths) ?? 1;
        if (_options.SharedPrefixTokens > 0)
        {
            int which = _options.SharedPrefixes == 1 ? 0 : _lengths.Below(_options.SharedPrefixes);
            conversation.History.Add(new PromptSegment(which + 1, _options.SharedPrefixTokens));
        }

        if (Listens)
        {
            conversation.Session = ++_conversations;
            _asking.Add(conversation.Session, conversation);
        }
    }

    /// <summary>What has been said so far; a single request is one of one turn.</summary>
    private sealed class Conversation
    {
        public bool HasBegun { get; set; }

        public int Session { get; set; }

        public int TurnsLeft { get; set; }

        public List<PromptSegment> History { get; } = [];

        public Arrival Ask(double seconds, int input, int output, ref int contents)
        {
            TurnsLeft--;
            if (History.Count == 0 && TurnsLeft == 0)
            {
                return new Arrival { Seconds = seconds, InputTokens = input, OutputTokens = output, Session = Session };
            }

            History.Add(new PromptSegment(++contents, input));
            PromptSegment[] segments = [.. History];
            return new Arrival
            {
                Seconds = seconds,
                InputTokens = (int)Math.Min(segments.Sum(s => (long)s.Tokens), int.MaxValue),
                OutputTokens = output,
                Segments = segments,
                Session = Session,
            };
        }

        public void Hear(int tokens) => History.Add(new PromptSegment(0, tokens));
    }
}
