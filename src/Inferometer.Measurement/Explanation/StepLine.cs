using System.Runtime.InteropServices;

namespace Inferometer.Measurement.Explanation;

/// <summary>
/// The steps of one replica as sums that grow: what went into any stretch of time between two steps is the difference of two of them.
/// </summary>
internal sealed class StepLine
{
    // Times on the clock are rounded.
    private const double Rounding = 1e-10;

    private readonly List<StepMark> _begins = [];

    /// <summary>Up to the end of the last step.</summary>
    public StepMark Now { get; private set; }

    /// <summary>Steps there were.</summary>
    public int Count => _begins.Count;

    /// <summary>What the last step began with.</summary>
    public StepMark LastBegin => _begins[^1];

    /// <summary>Adds a step.</summary>
    /// <param name="begin">When it began, seconds.</param>
    /// <param name="end">When it ended.</param>
    /// <param name="decode">Its time without the prompts in it.</param>
    /// <param name="queue">For what requests waited that did not join it.</param>
    public void Add(double begin, double end, double decode, QueueReason queue)
    {
        double seconds = end - begin;
        double prompts = seconds - decode > Rounding ? seconds - decode : 0;
        _begins.Add(Now with { Seconds = begin });
        Now = new StepMark
        {
            Seconds = end,
            Decode = Now.Decode + seconds - prompts,
            Prompts = Now.Prompts + prompts,
            QueueForPrompts = Now.QueueForPrompts + (queue == QueueReason.Prompts ? seconds : 0),
            QueueForPlace = Now.QueueForPlace + (queue == QueueReason.Place ? seconds : 0),
            QueueForCache = Now.QueueForCache + (queue == QueueReason.Cache ? seconds : 0),
        };
    }

    /// <summary>The beginning of the first step that began at a time or later; there is one.</summary>
    public StepMark FirstFrom(double seconds)
    {
        int low = 0, high = _begins.Count - 1;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = _begins[middle].Seconds >= seconds ? (low, middle) : (middle + 1, high);
        }

        return _begins[low];
    }
}

/// <summary>Why a request at the head of the queue does not join a step.</summary>
internal enum QueueReason
{
    /// <summary>The step's budget is taken by prompts of others.</summary>
    Prompts,

    /// <summary>As many sequences run as may.</summary>
    Place,

    /// <summary>Its keys and values have no room.</summary>
    Cache,
}

/// <summary>Sums of a <see cref="StepLine"/> up to a time, seconds.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct StepMark
{
    /// <summary>The time.</summary>
    public double Seconds { get; init; }

    /// <summary>Of steps without the prompts in them.</summary>
    public double Decode { get; init; }

    /// <summary>What prompts added to steps, and steps of prompts alone.</summary>
    public double Prompts { get; init; }

    /// <summary>Steps that others' prompts filled.</summary>
    public double QueueForPrompts { get; init; }

    /// <summary>Steps with as many sequences as may run.</summary>
    public double QueueForPlace { get; init; }

    /// <summary>Steps of which neither is true: who waits, waits for cache.</summary>
    public double QueueForCache { get; init; }
}
