using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Inferometer.Core;

namespace Inferometer.Sweeps.Spaces;

/// <summary>
/// The points of a sweep: what all have in common, and groups of axes of which every combination is a point. The last group changes
/// fastest.
/// </summary>
public sealed record SweepSpace
{
    /// <summary>Most points of a sweep.</summary>
    public const long MostPoints = 1_000_000_000;

    /// <summary>Where it was read from, for messages.</summary>
    public required string Origin { get; init; }

    /// <summary>Points are simulated services; otherwise estimates.</summary>
    public required bool IsSimulated { get; init; }

    /// <summary>What holds for every point.</summary>
    public required IReadOnlyList<SaidSetting> Common { get; init; }

    /// <summary>What differs.</summary>
    public required IReadOnlyList<AxisGroup> Groups { get; init; }

    /// <summary>Keys of the metrics that results have; empty = the usual ones.</summary>
    public IReadOnlyList<string> Metrics { get; init; } = [];

    /// <summary>Points that do not fit or are not possible have no row; otherwise one with the reason.</summary>
    public bool LeavesOutPruned { get; init; }

    /// <summary>All axes, in the order of the columns.</summary>
    public IEnumerable<Axis> Axes => Groups.SelectMany(g => g.Axes);

    /// <summary>Number of points: the product of the groups' lengths.</summary>
    public long Count => (long)CountOf(Groups);

    /// <summary>Number of points of groups of axes, also where they are far too many.</summary>
    internal static double CountOf(IEnumerable<AxisGroup> groups) => groups.Aggregate(1.0, (product, group) => product * group.Length);

    /// <summary>What is said of a point: the value of every axis there.</summary>
    /// <param name="point">Its number, from 0.</param>
    public IReadOnlyList<SaidSetting> At(long point)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(point);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(point, Count);
        List<SaidSetting> said = [];
        for (int g = Groups.Count - 1; g >= 0; g--)
        {
            int at = (int)(point % Groups[g].Length);
            point /= Groups[g].Length;
            said.InsertRange(0, Groups[g].Axes.Select(a => new SaidSetting(a.Setting, a.Values[at])));
        }

        return said;
    }

    /// <summary>Two spaces of equal fingerprints have the same points in the same order, and the same columns.</summary>
    public string Fingerprint()
    {
        StringBuilder text = new();
        Put(text, "kind", IsSimulated ? "simulated" : "estimates");
        Put(text, "pruned", LeavesOutPruned ? "drop" : "keep");
        Put(text, "columns", [.. Metrics]);
        foreach (SaidSetting said in Common)
        {
            Put(text, said.Setting.Name, said.Text);
        }

        foreach (AxisGroup group in Groups)
        {
            Put(text, "group", group.Axes.Count.ToString(CultureInfo.InvariantCulture));
            foreach (Axis axis in group.Axes)
            {
                Put(text, axis.Setting.Name, [.. axis.Values]);
            }
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }

    /// <summary>Says so where there are no points, or too many.</summary>
    /// <exception cref="InferometerException">There are 0 points, or more than <see cref="MostPoints"/>.</exception>
    internal static void RequireSize(IReadOnlyList<AxisGroup> groups, string origin)
    {
        double count = CountOf(groups);
        if (count is < 1 or > MostPoints)
        {
            string lengths = string.Join(" x ", groups.Select(
                g => string.Create(CultureInfo.InvariantCulture, $"{g.Length} ({string.Join("+", g.Axes.Select(a => a.Setting.Name))})")));
            throw new InferometerException(string.Create(
                CultureInfo.InvariantCulture,
                $"{origin}: the space has {count:#,0} points, {lengths}; allowed is 1 to {MostPoints:#,0}."));
        }
    }

    // Lengths before texts, so that no two different spaces are written alike.
    private static void Put(StringBuilder text, string name, params ReadOnlySpan<string> values)
    {
        text.Append(CultureInfo.InvariantCulture, $"{name.Length}:{name} {values.Length}");
        foreach (string value in values)
        {
            text.Append(CultureInfo.InvariantCulture, $" {value.Length}:{value}");
        }

        text.Append('\n');
    }
}
