using Inferometer.Core;
using Inferometer.Measurement.Published;
using Inferometer.Measurement.Replay;
using Inferometer.Simulation.Fitting;
using Inferometer.Simulation.Requests;

namespace Inferometer.Measurement.Fitting;

/// <summary>
/// Turns rows of tools that time prompts, generation or steps by themselves into rates that a calibration can be fitted to.
/// </summary>
public static class MeasuredRates
{
    private const int LeastBits = 16;
    private const int UsualTokens = 128; // what llama-bench generates unless it is told otherwise

    /// <summary>
    /// Decoder steps of one framework on one device, timed without the framework. Weights in 16 bits alone: products in 8 bits by
    /// <c>torch._scaled_mm</c> are slow with few rows (one sequence on H200: slower than 16 bits), as engines' kernels are not.
    /// </summary>
    /// <param name="table">A table of steps.</param>
    /// <param name="framework">Name of the framework in calibrations.</param>
    /// <param name="setup">What the table's names stand for; its cost model must be the calibrated one.</param>
    /// <param name="leftOut">Told the id of each step whose names stand for nothing, and why; null = nobody.</param>
    public static IReadOnlyList<RateRun> OfSteps(
        PublishedTable table, string framework, ReplaySetup setup, Action<string, string>? leftOut = null)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(setup);
        OperatorRequests requests = new(setup);
        List<RateRun> runs = [];
        foreach (OperatorMeasurement row in table.Operators)
        {
            if (row.Class is not (OperatorClass.PrefillStep or OperatorClass.DecodeStep)
                || !string.Equals(row.Framework, framework, StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            try
            {
                EstimateRequest request = requests.Of(row);
                if (request.Precisions.Weights.BitsPerElement < LeastBits)
                {
                    continue;
                }

                bool prompt = row.Class == OperatorClass.PrefillStep;
                int batch = row.Shape.Whole("batch"), tokens = prompt ? row.Shape.Whole("tokens") : 1;
                runs.Add(new RateRun
                {
                    Id = row.Id,
                    Request = request,
                    IsPrompt = prompt,
                    Sequences = batch,
                    DepthTokens = prompt ? 0 : row.Shape.Whole("context"),
                    Tokens = tokens,
                    TokensPerSecond = (double)batch * tokens / row.Microseconds * 1e6,
                    IsOfDevice = true,
                });
            }
            catch (InferometerException error)
            {
                // A device or model that nothing stands for: nothing to fit.
                leftOut?.Invoke(row.Id, error.Message);
            }
        }

        return runs;
    }

    /// <summary>Rates of prompts and of generation of one framework, on one device.</summary>
    /// <param name="table">A table of rates.</param>
    /// <param name="framework">Name of the framework in calibrations.</param>
    /// <param name="setup">What the table's names stand for; its cost model must be the calibrated one.</param>
    /// <param name="leftOut">Told the id of each rate whose names stand for nothing, and why; null = nobody.</param>
    public static IReadOnlyList<RateRun> Of(
        PublishedTable table, string framework, ReplaySetup setup, Action<string, string>? leftOut = null)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(setup);
        DeploymentOfRow deployments = new(setup);
        Dictionary<string, EstimateRequest> requests = new(StringComparer.Ordinal);
        List<RateRun> runs = [];
        foreach (ThroughputMeasurement row in table.Throughput)
        {
            bool prompt = row.Metric == ThroughputMetric.PrefillTokensPerSecond;
            if (!string.Equals(row.Framework, framework, StringComparison.OrdinalIgnoreCase) || row.Engine.Devices != 1
                || (!prompt && row.Metric != ThroughputMetric.DecodeTokensPerSecond) || (prompt && row.InputTokens is null))
            {
                continue;
            }

            try
            {
                string key = $"{row.Model}|{row.System}|{row.Precision}|{row.KvPrecision}";
                if (!requests.TryGetValue(key, out EstimateRequest? request))
                {
                    DeploymentText text = new(row.Model, row.System, row.Precision, row.KvPrecision, row.Framework, row.Version);
                    requests[key] = request = setup.Engine.Prepare(deployments.Of(text, row.Engine, 1, 1, 2)).Request;
                }

                runs.Add(new RateRun
                {
                    Id = row.Id,
                    Request = request,
                    IsPrompt = prompt,
                    Sequences = row.Concurrency ?? 1,
                    DepthTokens = prompt ? row.DepthTokens : row.DepthTokens + (row.InputTokens ?? 0),
                    Tokens = prompt ? row.InputTokens!.Value : row.OutputTokens ?? UsualTokens,
                    TokensPerSecond = row.Value,
                });
            }
            catch (InferometerException error)
            {
                // A device or model that nothing stands for: nothing to fit.
                leftOut?.Invoke(row.Id, error.Message);
            }
        }

        return runs;
    }
}
