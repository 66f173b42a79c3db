namespace Inferometer.Sweeps.Points;

/// <summary>What became of points, counted.</summary>
public sealed class PointCounts
{
    // Reasons of single points may all differ.
    private const int MostReasons = 200;

    /// <summary>Word for reasons beyond those that are counted by themselves.</summary>
    public const string OtherReasons = "other reasons";

    private readonly SortedDictionary<string, long> _reasons = new(StringComparer.Ordinal);

    /// <summary>Points that were priced.</summary>
    public long Ok { get; private set; }

    /// <summary>Points that take more memory than there is.</summary>
    public long DoesNotFit { get; private set; }

    /// <summary>Points that contradict themselves, the model or the machine.</summary>
    public long NotPossible { get; private set; }

    /// <summary>All points.</summary>
    public long Total => Ok + DoesNotFit + NotPossible;

    /// <summary>Why points are not possible, with their numbers.</summary>
    public IReadOnlyDictionary<string, long> Reasons => _reasons;

    /// <summary>Counts a point.</summary>
    /// <param name="status">A word of <see cref="PointStatus"/>.</param>
    /// <param name="reason">Why, where it is not possible.</param>
    public void Add(string status, string? reason) => Add(status, reason, 1);

    /// <summary>Counts the points of others.</summary>
    public void Add(PointCounts other)
    {
        ArgumentNullException.ThrowIfNull(other);
        Add(PointStatus.Ok, null, other.Ok);
        Add(PointStatus.DoesNotFit, null, other.DoesNotFit);
        NotPossible += other.NotPossible;
        foreach ((string reason, long times) in other.Reasons)
        {
            Count(reason, times);
        }
    }

    private void Add(string status, string? reason, long times)
    {
        switch (status)
        {
            case PointStatus.Ok:
                Ok += times;
                break;
            case PointStatus.DoesNotFit:
                DoesNotFit += times;
                break;
            default:
                NotPossible += times;
                Count(reason ?? "", times);
                break;
        }
    }

    /// <summary>Takes counts over that were written down.</summary>
    internal static PointCounts From(long ok, long doesNotFit, IEnumerable<KeyValuePair<string, long>> reasons)
    {
        PointCounts counts = new() { Ok = ok, DoesNotFit = doesNotFit };
        foreach ((string reason, long times) in reasons)
        {
            counts.NotPossible += times;
            counts.Count(reason, times);
        }

        return counts;
    }

    private void Count(string reason, long times)
    {
        string key = _reasons.ContainsKey(reason) || _reasons.Count < MostReasons ? reason : OtherReasons;
        _reasons[key] = _reasons.GetValueOrDefault(key) + times;
    }
}
