using Inferometer.Core;
using Inferometer.Reports.Estimates;
using Inferometer.Reports.Metrics;
using Inferometer.Simulation;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Planning;
using Inferometer.Simulation.Requests;
using Inferometer.Simulation.Results;
using Inferometer.Sweeps.Rows;
using Inferometer.Sweeps.Spaces;

namespace Inferometer.Sweeps.Points;

/// <summary>
/// Estimates: a deployment is prepared once for all workloads of a block, which are looked up by deployment first and written in their own
/// order; what does not fit is seen from memory alone, before any time is priced.
/// </summary>
internal sealed class EstimateEvaluator : IPointEvaluator
{
    // Prepared deployments that are kept from block to block, some tens of kB each.
    private const int MostKept = 256;

    private readonly SweepSpace _space;
    private readonly ResultColumns _columns;
    private readonly IPointReader _reader;
    private readonly SimulationEngine _engine;
    private readonly PointGrid _grid;
    private readonly PointRows _rows;
    private readonly Metric<SimulationResult>[] _metrics;
    private readonly bool _limits;
    private readonly Dictionary<long, Deployment> _kept = [];
    private long[] _deployments = [];
    private int[] _order = [];

    public EstimateEvaluator(SweepSpace space, ResultColumns columns, IPointReader reader)
    {
        (_space, _columns, _reader, _engine) = (space, columns, reader, reader.Engine);
        _grid = new PointGrid(space);
        _rows = new PointRows(space, columns);
        _metrics = [.. columns.EstimateMetrics];
        _limits = columns.NeedsLimits;
    }

    public void Evaluate(long first, int points, RowBlock block, PointCounts counts, CancellationToken cancellationToken)
    {
        block.Begin(points);
        Sort(first, points, block);
        Span<int> places = stackalloc int[_grid.Groups];
        Deployment? deployment = null;
        for (int i = 0; i < points; i++)
        {
            if (i == 0 || _deployments[i] != _deployments[i - 1])
            {
                cancellationToken.ThrowIfCancellationRequested();
                _grid.Places(first + _order[i], places);
                deployment = DeploymentAt(_deployments[i], places);
            }

            int row = _order[i];
            _grid.Places(first + row, places);
            (string status, string? reason) = Price(deployment!, places, block, row);
            _rows.End(block, row, status, reason, counts);
            if (_space.LeavesOutPruned && status is not PointStatus.Ok)
            {
                block.Drop(row);
            }
        }

        if (_space.LeavesOutPruned)
        {
            block.Compact();
        }
    }

    private void Sort(long first, int points, RowBlock block)
    {
        if (_order.Length < points)
        {
            (_order, _deployments) = (new int[points], new long[points]);
        }

        Span<int> places = stackalloc int[_grid.Groups];
        _grid.Places(first, places);
        bool sorted = true;
        for (int row = 0; row < points; row++)
        {
            _order[row] = row;
            _deployments[row] = _grid.Deployment(places);
            sorted &= row == 0 || _deployments[row] >= _deployments[row - 1];
            _rows.Begin(block, row, first + row, places);
            _grid.Advance(places);
        }

        if (!sorted)
        {
            Array.Sort(_deployments, _order, 0, points);
        }
    }

    private (string Status, string? Reason) Price(Deployment deployment, ReadOnlySpan<int> places, RowBlock block, int row)
    {
        if (deployment.Prepared is not { } prepared)
        {
            return (PointStatus.NotPossible, deployment.Error);
        }

        try
        {
            return prepared.HoldsForAnyWorkload ? PriceOn(prepared, deployment.Usual, places, block, row) : PriceAlone(places, block, row);
        }
        catch (InferometerException error)
        {
            return (PointStatus.NotPossible, error.Message);
        }
    }

    private (string Status, string? Reason) PriceOn(
        PreparedEstimate prepared, in WorkloadPoint usual, ReadOnlySpan<int> places, RowBlock block, int row)
    {
        WorkloadPoint point = _grid.Workload(places, usual, prepared.Type);
        MemoryTotals? memory = prepared.Memory(point);
        if (memory is { Fits: false } over)
        {
            return (PointStatus.DoesNotFit, Overflow.Brief(over));
        }

        Fill(block, row, prepared.Evaluate(point, memory, _limits));
        return (PointStatus.Ok, null);
    }

    // What a feature sizes by the workload is prepared for each point.
    private (string Status, string? Reason) PriceAlone(ReadOnlySpan<int> places, RowBlock block, int row)
    {
        var estimate = Estimate.Of(_reader.ReadEstimate(_grid.Said(places, withWorkload: true)), _engine);
        if (estimate.Result is { } result)
        {
            Fill(block, row, result);
            return (PointStatus.Ok, null);
        }

        return (estimate.Overflow is null ? PointStatus.NotPossible : PointStatus.DoesNotFit, Overflow.ReasonOf(estimate));
    }

    private void Fill(RowBlock block, int row, SimulationResult result)
    {
        for (int m = 0; m < _metrics.Length; m++)
        {
            block.Numbers(_columns.FirstMetric + m)[row] = _metrics[m].Of(result) is { } value && double.IsFinite(value) ? value : null;
        }
    }

    private Deployment DeploymentAt(long number, ReadOnlySpan<int> places)
    {
        if (_kept.TryGetValue(number, out Deployment? kept))
        {
            return kept;
        }

        if (_kept.Count >= MostKept)
        {
            _kept.Clear();
        }

        try
        {
            PreparedEstimate prepared = _engine.PrepareEstimate(_reader.ReadEstimate(_grid.Said(places, withWorkload: false)));
            kept = new(prepared, WorkloadPoint.From(prepared.Plan.Request.Workload), null);
        }
        catch (InferometerException error)
        {
            kept = new(null, default, error.Message);
        }

        return _kept[number] = kept;
    }

    private sealed record Deployment(PreparedEstimate? Prepared, WorkloadPoint Usual, string? Error);
}
