using Inferometer.Core;
using Inferometer.Reports.Metrics;
using Inferometer.Simulation;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Serving;
using Inferometer.Sweeps.Rows;
using Inferometer.Sweeps.Spaces;

namespace Inferometer.Sweeps.Points;

/// <summary>Simulated services, each as 'inferometer simulate' would run it.</summary>
internal sealed class ServiceEvaluator : IPointEvaluator
{
    private const int MostKept = 256;

    private readonly SweepSpace _space;
    private readonly ResultColumns _columns;
    private readonly IPointReader _reader;
    private readonly SimulationEngine _engine;
    private readonly PointGrid _grid;
    private readonly PointRows _rows;
    private readonly Metric<ServiceResult>[] _metrics;
    private readonly Dictionary<string, ICostPlan> _plans = new(StringComparer.Ordinal);

    public ServiceEvaluator(SweepSpace space, ResultColumns columns, IPointReader reader)
    {
        (_space, _columns, _reader, _engine) = (space, columns, reader, reader.Engine);
        _grid = new PointGrid(space);
        _rows = new PointRows(space, columns);
        _metrics = [.. columns.ServiceMetrics];
    }

    public void Evaluate(long first, int points, RowBlock block, PointCounts counts, CancellationToken cancellationToken)
    {
        block.Begin(points);
        Span<int> places = stackalloc int[_grid.Groups];
        _grid.Places(first, places);
        for (int row = 0; row < points; row++)
        {
            _rows.Begin(block, row, first + row, places);
            (string status, string? reason) = Serve(_grid.Said(places, withWorkload: true), block, row, cancellationToken);
            _rows.End(block, row, status, reason, counts);
            if (_space.LeavesOutPruned && status is not PointStatus.Ok)
            {
                block.Drop(row);
            }

            _grid.Advance(places);
        }

        if (_space.LeavesOutPruned)
        {
            block.Compact();
        }
    }

    private (string Status, string? Reason) Serve(
        IReadOnlyList<SaidSetting> said, RowBlock block, int row, CancellationToken cancellationToken)
    {
        try
        {
            PointService service = _reader.ReadService(said);
            ICostPlan plan = PlanOf(service);
            ServingSimulationOptions options = service.Options(plan);
            if (Pruned(plan, options) is { } reason)
            {
                return (PointStatus.DoesNotFit, reason);
            }

            ServiceResult result = ServingSimulation.Serve(
                () => service.Source(plan), service.PromptsMayBeginAlike, plan, options, cancellationToken);
            if (result.Load.Completed == 0)
            {
                return (PointStatus.NotPossible, $"no request was served. {string.Join(' ', result.Warnings)}".TrimEnd());
            }

            for (int m = 0; m < _metrics.Length; m++)
            {
                block.Numbers(_columns.FirstMetric + m)[row] = _metrics[m].Of(result) is { } value && double.IsFinite(value) ? value : null;
            }

            return (PointStatus.Ok, null);
        }
        catch (InferometerException error)
        {
            return (PointStatus.NotPossible, error.Message);
        }
    }

    // A service that has no room for a cache is seen before it is simulated.
    private static string? Pruned(ICostPlan plan, ServingSimulationOptions options)
    {
        if (options.BlockCount is not null || plan.KvBytesPerToken is not > 0)
        {
            return null;
        }

        try
        {
            _ = ServingSimulation.BlocksThatFit(plan, options);
            return null;
        }
        catch (InferometerException error)
        {
            return error.Message;
        }
    }

    private ICostPlan PlanOf(PointService service)
    {
        string key = service.Deployment.ToNode().ToJsonString();
        if (!_plans.TryGetValue(key, out ICostPlan? plan))
        {
            if (_plans.Count >= MostKept)
            {
                _plans.Clear();
            }

            _plans[key] = plan = _engine.Prepare(service.Deployment);
        }

        return plan;
    }
}
