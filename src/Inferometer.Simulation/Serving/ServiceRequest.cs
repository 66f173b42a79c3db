using Inferometer.Scheduling;
using Inferometer.Serving;
using Inferometer.Serving.Arrivals;

namespace Inferometer.Simulation.Serving;

/// <summary>A request on its way through the service.</summary>
internal sealed class ServiceRequest(Arrival arrival, long number, bool isMeasured)
{
    public Arrival Arrival { get; } = arrival;

    /// <summary>In order of arrival.</summary>
    public long Number { get; } = number;

    public bool IsMeasured { get; } = isMeasured;

    public Replica? Replica { get; private set; }

    /// <summary>What the steps of <see cref="Replica"/> added up to when it came there.</summary>
    public StepMeter.Mark Came { get; private set; }

    /// <summary>Its prompt was computed elsewhere and has arrived with keys and values.</summary>
    public bool IsTransferred { get; set; }

    public double AdmittedSeconds { get; private set; } = double.NaN;

    public double FirstTokenSeconds { get; private set; } = double.NaN;

    public double LastTokenSeconds { get; private set; } = double.NaN;

    public double LongestGapSeconds { get; private set; } = double.NaN;

    public int OutputTokens { get; private set; }

    /// <summary>Of steps that are run ahead, from which of them on it saw the gaps of all; below 0 = not yet.</summary>
    public int JoinStep { get; set; }

    /// <summary>
    /// What was still to be computed of its prompt when the steps that read it ended for those that decode in them, seconds: all of its
    /// tokens come so much later.
    /// </summary>
    public double PromptLeftSeconds { get; private set; }

    public int CachedTokens { get; private set; }

    public int Preemptions { get; private set; }

    /// <summary>It goes to a replica.</summary>
    public void GoTo(Replica replica) => (Replica, Came) = (replica, replica.Meter.Now);

    /// <summary>A part of its prompt takes so long beyond the step that read it; what is read again later does not count.</summary>
    public void AddPromptLeft(double seconds) => PromptLeftSeconds += OutputTokens == 0 ? seconds : 0;

    /// <summary>Tokens came together.</summary>
    /// <returns>The gap before them; NaN before the first.</returns>
    public double Deliver(int tokens, double seconds)
    {
        double gap = seconds - LastTokenSeconds;
        if (OutputTokens == 0)
        {
            FirstTokenSeconds = seconds;
        }
        else if (!(LongestGapSeconds >= gap))
        {
            LongestGapSeconds = gap;
        }

        OutputTokens += tokens;
        LastTokenSeconds = seconds;
        return gap;
    }

    /// <summary>Several deliveries of one token each, the first of which was told before.</summary>
    public void DeliverMore(int tokens, double lastSeconds, double longestGap)
    {
        OutputTokens += tokens;
        LastTokenSeconds = lastSeconds;
        if (!(LongestGapSeconds >= longestGap))
        {
            LongestGapSeconds = longestGap;
        }
    }

    /// <summary>A scheduler is done with it.</summary>
    public void Note(Sequence sequence)
    {
        Preemptions += sequence.Preemptions;
        if (!IsTransferred)
        {
            AdmittedSeconds = sequence.AdmittedSeconds;
            CachedTokens = sequence.CachedPromptTokens;
        }
    }

    /// <param name="reason">Why it ended.</param>
    /// <param name="seconds">When.</param>
    /// <param name="beside">What it takes outside the engine's steps, seconds.</param>
    public RequestOutcome Outcome(FinishReason reason, double seconds, double beside = 0) => new()
    {
        ArrivalSeconds = Arrival.Seconds,
        AdmittedSeconds = AdmittedSeconds,
        FirstTokenSeconds = FirstTokenSeconds + beside,
        LastTokenSeconds = LastTokenSeconds + beside,
        LongestGapSeconds = LongestGapSeconds,
        FinishSeconds = seconds + beside,
        FinishReason = reason,
        PromptTokens = Arrival.InputTokens,
        CachedTokens = CachedTokens,
        OutputTokens = OutputTokens,
        Preemptions = Preemptions,
        Replica = Replica?.Index ?? 0,
    };
}
