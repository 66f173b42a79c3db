using Inferometer.Core;
using Inferometer.Core.Deployments;
using Inferometer.Measurement.Published;
using Inferometer.Simulation.ClosedLoop;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;

namespace Inferometer.Measurement.Replay;

/// <summary>
/// Predicts published rates. Prompts: one step of all prompt tokens after what the cache holds already. Generation: the average decode
/// step. A service: a full house of equal requests, as many as fit where the row says "saturated". Not thread-safe.
/// </summary>
/// <param name="setup">What rows are replayed in.</param>
public sealed class ThroughputReplay(ReplaySetup setup)
{
    // What llama-bench generates unless it is told otherwise; pages that name no length quote its output or a chat of about that length.
    private const int UsualGeneratedTokens = 128;
    private const double Milliseconds = 1000;

    private readonly DeploymentOfRow _deployments = new(setup);

    /// <summary>Name of the cost model.</summary>
    public string Name => setup.CostModel.Name;

    /// <summary>Predicts a row, in the unit of its metric.</summary>
    /// <returns>The figure, and what it rests on.</returns>
    /// <exception cref="InferometerException">The row cannot be predicted.</exception>
    public (double Value, string RestsOn) Predict(ThroughputMeasurement row)
    {
        ArgumentNullException.ThrowIfNull(row);
        // Where layers are dealt out, prompts go through the devices in pieces; of a token to be generated one device works at a time, and
        // all of them together are as fast as one.
        bool isPrompt = row.Metric is ThroughputMetric.PrefillTokensPerSecond or ThroughputMetric.PrefillTokensPerSecondPerDevice;
        EnginePool pool = row.IsLayerSplit && !isPrompt ? row.Engine with { Pipeline = 1 } : row.Engine;
        if (pool.Tensor > 1 && PublishedNames.SpreadsAttention(row.Source) && _deployments.HasExperts(row.Model))
        {
            pool = pool with { Tensor = 1, AttentionData = pool.Tensor, Expert = pool.Tensor };
        }

        int output = row.OutputTokens ?? UsualGeneratedTokens;
        SimulationConfig config = _deployments.Of(
            new DeploymentText(
                row.Model, row.System, row.Precision, row.KvPrecision, row.Framework,
                row.Version.Length > 0 ? row.Version : PublishedNames.ReleaseOf(row.Source)),
            pool, row.Concurrency ?? 1, Math.Max(1, row.InputTokens ?? 1), output);
        ICostPlan plan = setup.Engine.Prepare(config);
        WorkloadPoint point = WorkloadPoint.From(plan.Request.Workload);
        return (Value(row, plan, point), PlanBasis.Of(plan));
    }

    private static double Value(ThroughputMeasurement row, ICostPlan plan, in WorkloadPoint point)
    {
        double devices = row.Engine.Devices;
        return row.Metric switch
        {
            ThroughputMetric.PrefillTokensPerSecond => Prefill(row, plan, point),
            ThroughputMetric.PrefillTokensPerSecondPerDevice => Prefill(row, plan, point) / devices,
            ThroughputMetric.DecodeTokensPerSecond => Decode(row, plan, point).TokensPerSecond,
            ThroughputMetric.DecodeTokensPerSecondPerDevice => Decode(row, plan, point).TokensPerSecond / devices,
            ThroughputMetric.DecodeTokensPerSecondPerUser => 1 / Decode(row, plan, point).SecondsPerToken,
            ThroughputMetric.OutputTokensPerSecond => Service(row, plan, point).OutputTokensPerSecond,
            ThroughputMetric.OutputTokensPerSecondPerDevice => Service(row, plan, point).OutputTokensPerSecond / devices,
            ThroughputMetric.TotalTokensPerSecond => Service(row, plan, point).TotalTokensPerSecond,
            ThroughputMetric.TtftMs => Milliseconds * plan.Prefill(point with { BatchSize = 1 }).LatencySeconds,
            ThroughputMetric.TpotMs => Milliseconds * Decode(row, plan, point).SecondsPerToken,
            _ => throw new ArgumentOutOfRangeException(nameof(row), row.Metric, "not a metric of published rates"),
        };
    }

    private static double Prefill(ThroughputMeasurement row, ICostPlan plan, in WorkloadPoint point)
    {
        if (row.InputTokens is null)
        {
            throw new InferometerException("the row does not say how long its prompts are");
        }

        PhaseTotals step = plan.Step([new PrefillChunk(row.DepthTokens, point.InputTokens, point.BatchSize)], []);
        return (double)point.BatchSize * point.InputTokens / step.LatencySeconds;
    }

    // The cache begins with what was there, or what the prompt put there.
    private static (double SecondsPerToken, double TokensPerSecond) Decode(
        ThroughputMeasurement row, ICostPlan plan, in WorkloadPoint point)
    {
        int batch = row.Concurrency ?? LargestBatch(plan, point);
        int context = Math.Max(1, row.DepthTokens + (row.InputTokens ?? 0));
        PhaseTotals step = plan.Decode(point with { BatchSize = batch, InputTokens = context, OutputTokens = point.OutputTokens + 1 });
        double perToken = step.LatencySeconds / step.TokensPerStep;
        return (perToken, batch / perToken);
    }

    private static ServingMetrics Service(ThroughputMeasurement row, ICostPlan plan, in WorkloadPoint point)
    {
        int requests = row.Concurrency ?? LargestBatch(plan, point);
        if (plan.Basis is null)
        {
            return plan.Evaluate(point with { BatchSize = requests }).Metrics;
        }

        // A calibrated plan knows what users do to one another. At saturation there is always one more to take the place of who ends.
        ClosedLoopEstimate loop = ClosedLoopModel.Estimate(plan, new ClosedLoopLoad(requests, point.InputTokens, point.OutputTokens));
        double perSecond = requests / loop.EndToEndSeconds;
        return new ServingMetrics
        {
            OutputTokensPerSecond = perSecond * point.OutputTokens,
            TotalTokensPerSecond = perSecond * (point.InputTokens + point.OutputTokens),
        };
    }

    private static int LargestBatch(ICostPlan plan, in WorkloadPoint point)
    {
        Parallelism degrees = plan.Request.Parallelism;
        return plan.EstimateMemory(point with { BatchSize = degrees.Data }) is { } memory
            ? memory.LargestBatch > 0 ? memory.LargestBatch : throw new InferometerException("the model does not fit the row's devices")
            : throw new InferometerException($"the cost model '{plan.CostModel}' does not say how many requests fit");
    }
}
