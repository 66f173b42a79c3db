using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Inferometer.Cli.Output;
using Inferometer.Core;
using Inferometer.Simulation;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;
using Inferometer.Simulation.Results;

namespace Inferometer.Cli.Estimates;

/// <summary>Says in one line that a workload does not fit, how much of it would, and which single change makes it fit.</summary>
internal static class Overflow
{
    private static readonly int[] Degrees = [2, 4, 8, 16];

    /// <summary>The need and what there is.</summary>
    public static string Brief(MemoryEstimate memory) =>
        $"does not fit: {Numbers.Bytes(memory.TotalBytes)} needed per device, {Numbers.Bytes(memory.CapacityBytes)} there";

    /// <summary>The whole line. Changes are tried by asking for their memory.</summary>
    public static string Explain(SimulationConfig config, SimulationResult result, SimulationEngine engine)
    {
        MemoryEstimate memory = result.MemoryUsage!;
        StringBuilder line = new();
        line.Append(CultureInfo.InvariantCulture, $"{result.Model} does not fit on {result.Devices} x {result.System}: ");
        line.Append(CultureInfo.InvariantCulture, $"a device needs {Numbers.Bytes(memory.TotalBytes)} (weights {Numbers.Bytes(memory.WeightBytes)}, KV cache {Numbers.Bytes(memory.KvCacheBytes)}, ");
        line.Append(CultureInfo.InvariantCulture, $"activations {Numbers.Bytes(memory.ActivationBytes)}, reserve {Numbers.Bytes(memory.ReservedBytes)}) and has {Numbers.Bytes(memory.CapacityBytes)}. ");
        line.Append(memory.LargestBatch == 0
            ? "Not even one such request fits. "
            : $"The largest batch that fits is {Numbers.Whole(memory.LargestBatch)}. ");
        if (memory.LongestContextTokens > 0)
        {
            line.Append(CultureInfo.InvariantCulture, $"The longest context at this batch is {Numbers.Whole(memory.LongestContextTokens)} tokens. ");
        }

        string[] remedies = [.. Remedies(config, engine)];
        line.Append(remedies.Length == 0
            ? "No single change of parallelism or number format makes it fit."
            : $"It would fit with {string.Join(" or ", remedies)}.");
        return line.ToString();
    }

    private static IEnumerable<string> Remedies(SimulationConfig config, SimulationEngine engine)
    {
        int now = config.SimulationParams.Int32("tensor_parallel", 1);
        int degree = Degrees.FirstOrDefault(d => d > now && d % now == 0 && Fits(config, "tensor_parallel", d, engine));
        if (degree > 0)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"--tp {degree}");
        }

        string? weights = new[] { "fp8", "int4" }.FirstOrDefault(f => Fits(config, "quantization", With(config, "weights", f), engine));
        if (weights is not null)
        {
            yield return $"--weights {weights}";
        }

        if (Fits(config, "quantization", With(config, "kv_cache", "fp8"), engine))
        {
            yield return "--kv fp8";
        }
    }

    private static JsonObject With(SimulationConfig config, string part, string format)
    {
        JsonObject group = config.SimulationParams.Group("quantization").ToJson();
        group[part] = format;
        return group;
    }

    // A change the model cannot take (an indivisible degree) does not make it fit either.
    private static bool Fits(SimulationConfig config, string name, JsonNode value, SimulationEngine engine)
    {
        try
        {
            ICostPlan plan = engine.Prepare(config with { SimulationParams = config.SimulationParams.With(name, value) });
            return plan.Memory(WorkloadPoint.From(plan.Request.Workload)) is { Fits: true };
        }
        catch (InferometerException)
        {
            return false;
        }
    }
}
