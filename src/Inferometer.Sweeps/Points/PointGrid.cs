using System.Globalization;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Requests;
using Inferometer.Sweeps.Spaces;

namespace Inferometer.Sweeps.Points;

/// <summary>
/// The numbers of points taken apart: the place in each group of axes, the deployment that these places make, and the workload on it.
/// Points
/// that differ in their workload alone have one deployment.
/// </summary>
internal sealed class PointGrid
{
    private static readonly WorkloadField[] s_fields = Enum.GetValues<WorkloadField>();
    private readonly SweepSpace _space;
    private readonly int[] _lengths;
    private readonly int[][] _deploymentDigits;
    private readonly int[] _deploymentLengths;
    private readonly int?[][][] _workloads;
    private readonly int?[] _common;

    public PointGrid(SweepSpace space)
    {
        _space = space;
        _lengths = [.. space.Groups.Select(g => g.Length)];
        _deploymentDigits = new int[_lengths.Length][];
        _deploymentLengths = new int[_lengths.Length];
        _workloads = new int?[_lengths.Length][][];
        _common = Values(space.Common);
        for (int g = 0; g < _lengths.Length; g++)
        {
            Divide(g, space.Groups[g]);
        }
    }

    public int Groups => _lengths.Length;

    /// <summary>The place in each group.</summary>
    public void Places(long point, Span<int> places)
    {
        for (int g = _lengths.Length - 1; g >= 0; g--)
        {
            (point, long place) = Math.DivRem(point, _lengths[g]);
            places[g] = (int)place;
        }
    }

    /// <summary>The next point's places.</summary>
    public void Advance(Span<int> places)
    {
        for (int g = _lengths.Length - 1; g >= 0; g--)
        {
            if (++places[g] < _lengths[g])
            {
                return;
            }

            places[g] = 0;
        }
    }

    /// <summary>Number of the deployment.</summary>
    public long Deployment(ReadOnlySpan<int> places)
    {
        long number = 0;
        for (int g = 0; g < _lengths.Length; g++)
        {
            number = (number * _deploymentLengths[g]) + _deploymentDigits[g][places[g]];
        }

        return number;
    }

    /// <summary>What is said at these places, with what is common.</summary>
    /// <param name="places">The places.</param>
    /// <param name="withWorkload">Also of the workload.</param>
    public IReadOnlyList<SaidSetting> Said(ReadOnlySpan<int> places, bool withWorkload)
    {
        List<SaidSetting> said = [.. _space.Common];
        for (int g = 0; g < places.Length; g++)
        {
            foreach (Axis axis in _space.Groups[g].Axes)
            {
                said.Add(new(axis.Setting, axis.Values[places[g]]));
            }
        }

        if (!withWorkload)
        {
            said.RemoveAll(s => s.Setting.Workload is not null);
        }

        return said;
    }

    /// <summary>The workload at these places.</summary>
    /// <param name="places">The places.</param>
    /// <param name="usual">What holds where nothing is said.</param>
    /// <param name="type">What is simulated; it does not read all fields.</param>
    public WorkloadPoint Workload(ReadOnlySpan<int> places, in WorkloadPoint usual, SimulationType type)
    {
        WorkloadPoint point = usual;
        Apply(ref point, _common, type);
        for (int g = 0; g < places.Length; g++)
        {
            if (_workloads[g] is { } values)
            {
                Apply(ref point, values[places[g]], type);
            }
        }

        return point;
    }

    private static void Apply(ref WorkloadPoint point, int?[] values, SimulationType type)
    {
        bool generates = type is not SimulationType.Prefill;
        point = new WorkloadPoint(
            values[(int)WorkloadField.BatchSize] ?? point.BatchSize,
            values[(int)WorkloadField.InputTokens] ?? point.InputTokens,
            generates ? values[(int)WorkloadField.OutputTokens] ?? point.OutputTokens : point.OutputTokens,
            generates ? values[(int)WorkloadField.BeamWidth] ?? point.BeamWidth : point.BeamWidth,
            values[(int)WorkloadField.CachedPrefixTokens] ?? point.CachedPrefixTokens);
    }

    private static int?[] Values(IEnumerable<SaidSetting> said)
    {
        int?[] values = new int?[s_fields.Length];
        foreach (SaidSetting s in said)
        {
            if (s.Setting.Workload is { } field)
            {
                values[(int)field] = int.Parse(s.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
            }
        }

        return values;
    }

    // Places of a group that say the same of the deployment have one digit of its number.
    private void Divide(int g, AxisGroup group)
    {
        Dictionary<string, int> digits = new(StringComparer.Ordinal);
        _deploymentDigits[g] = new int[group.Length];
        bool hasWorkload = group.Axes.Any(a => a.Setting.Workload is not null);
        int?[][] workloads = new int?[group.Length][];
        for (int place = 0; place < group.Length; place++)
        {
            string said = string.Join(
                '\u0001', group.Axes.Where(a => a.Setting.Workload is null).Select(a => a.Values[place]));
            if (!digits.TryGetValue(said, out int digit))
            {
                digits[said] = digit = digits.Count;
            }

            _deploymentDigits[g][place] = digit;
            if (hasWorkload)
            {
                workloads[place] = Values(group.Axes.Select(a => new SaidSetting(a.Setting, a.Values[place])));
            }
        }

        _deploymentLengths[g] = digits.Count;
        _workloads[g] = hasWorkload ? workloads : null!;
    }
}
