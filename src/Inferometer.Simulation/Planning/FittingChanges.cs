using System.Text.Json.Nodes;
using Inferometer.Core;
using Inferometer.Core.Deployments;
using Inferometer.Core.Frameworks;
using Inferometer.Core.Hardware;
using Inferometer.Core.Models;
using Inferometer.Core.Weights;
using Inferometer.Simulation.Calibration;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Planning;

/// <summary>
/// The single changes that make a workload fit that does not. Each is simulated before it is given, and none is given that nobody could
/// follow: more devices where no link joins them, or a part for the host where there is no link to it.
/// </summary>
public static class FittingChanges
{
    private const int MostDevices = 64;

    /// <summary>
    /// Below this the devices of different machines do not work on one layer; Thunderbolt is, InfiniBand and 200 Gb Ethernet are not.
    /// </summary>
    private const double LeastLinkBandwidth = 10e9;

    // In this order: what llama.cpp has in place of the others comes last, and is larger.
    private static readonly string[] s_weights = ["fp8", "int4", "q8_0", "q4_k_m"];
    private static readonly string[] s_caches = ["fp8", "q8_0"];

    /// <summary>
    /// At most six: the least degree of tensor, pipeline and expert parallelism, the first format of the weights, an 8-bit KV cache, a
    /// larger share of the memory, and what the host can take over.
    /// </summary>
    /// <param name="config">What does not fit.</param>
    /// <param name="engine">The simulator.</param>
    public static IEnumerable<FittingChange> Of(SimulationConfig config, SimulationEngine engine)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(engine);
        return Find(config, engine);
    }

    private static IEnumerable<FittingChange> Find(SimulationConfig config, SimulationEngine engine)
    {
        if (TryPrepare(config, engine)?.Request is not { } request)
        {
            yield break;
        }

        foreach (FittingChange change in MoreDevices(config, request, engine))
        {
            yield return change;
        }

        double now = TryPrepare(config, engine)!.Memory(WorkloadPoint.From(request.Workload))?.WeightBytes ?? 0;
        string? weights = s_weights.FirstOrDefault(
            f => Takes(request, WeightFormats.Find(f, "weights"))
                && Memory(config, "quantization", With(config, "weights", f), engine) is { Fits: true } use && use.WeightBytes < now);
        if (weights is not null)
        {
            yield return new("quantization.weights", JsonValue.Create(weights));
        }

        string? cache = s_caches.FirstOrDefault(
            f => Takes(request, Precision.Parse(f, "cache")) && Fits(config, "quantization", With(config, "kv_cache", f), engine));
        if (cache is not null)
        {
            yield return new("quantization.kv_cache", JsonValue.Create(cache));
        }

        double share = new MemoryBudget(request).Share(request.System.Device);
        double more = new[] { 0.95, 0.98 }.FirstOrDefault(s => s > share && Fits(config, "memory_utilization", s, engine));
        if (request.Framework is { ShareOf: not MemoryShare.Cache } && more > 0)
        {
            yield return new("memory_utilization", JsonValue.Create(more));
        }

        foreach (FittingChange change in OnTheHost(config, request, engine))
        {
            yield return change;
        }
    }

    // Where no framework is named, what the one that is usual on such devices runs.
    private static bool Takes(EstimateRequest request, WeightScheme weights) => FormatsFor(request) is not { } formats
        || (formats.Loads(weights) && formats.RunsOn(weights.Main.Name, request.System.Device));

    private static bool Takes(EstimateRequest request, Precision cache) => FormatsFor(request) is not { } formats
        || (formats.Keeps(cache) && formats.RunsOn(cache.Name, request.System.Device));

    private static FrameworkFormats? FormatsFor(EstimateRequest request) => CalibrationSubject.Of(request).Framework.Formats;

    private static IEnumerable<FittingChange> MoreDevices(SimulationConfig config, EstimateRequest request, SimulationEngine engine)
    {
        HardwareSystem system = request.System;
        bool joined = system.Devices.Count == 0 && (system.DevicesPerNode > 1 || system.IntraNode.Bandwidth >= LeastLinkBandwidth);
        if (!joined || request.Host is not null)
        {
            yield break;
        }

        Parallelism now = request.Parallelism;
        if (Least("tensor_parallel", now.Tensor) is { } tensor)
        {
            yield return tensor;
        }
        else if (Least("pipeline_parallel", now.Pipeline) is { } pipeline)
        {
            yield return pipeline;
        }

        FittingChange? Least(string name, int degree)
        {
            int others = now.DeviceCount / degree;
            int least = Enumerable.Range(1, 30).Select(power => 1 << power)
                .Where(d => d > degree && d % degree == 0 && d * others <= MostDevices)
                .FirstOrDefault(d => Fits(config, name, d, engine));
            return least > 0 ? new FittingChange(name, JsonValue.Create(least)) : null;
        }
    }

    // The largest part that the device has room for stays on it: halving finds it, as memory grows with every layer.
    private static IEnumerable<FittingChange> OnTheHost(SimulationConfig config, EstimateRequest request, SimulationEngine engine)
    {
        Device device = request.System.Device;
        bool single = request.Parallelism.DeviceCount <= Math.Max(1, request.System.Devices.Count);
        bool computesThere = request.Framework is null or { Vendors.Count: 0 };
        bool isSplit = request.Host is { GpuLayers: null }; // whose experts, a number of layers, may stand beside none
        if (!single || !computesThere || isSplit || request.Offload is not null || device.HostLinkBandwidth <= 0)
        {
            yield break;
        }

        int layers = request.Architecture.LayerCount;
        if (request.Host is null && request.Architecture.Layers.Any(layer => layer.FeedForward is MoeFeedForward))
        {
            int least = Edge(layers, n => DeviceFits(config, "cpu_expert_layers", n, engine));
            if (least > 0 && Fits(config, "cpu_expert_layers", least, engine))
            {
                yield return new("cpu_expert_layers", JsonValue.Create(least));
                yield break;
            }
        }

        int away = Edge(layers, n => DeviceFits(config, "gpu_layers", layers + 1 - n, engine));
        if (away > 0 && Fits(config, "gpu_layers", layers + 1 - away, engine))
        {
            yield return new("gpu_layers", JsonValue.Create(layers + 1 - away));
        }
    }

    /// <summary>The least of 1 to <paramref name="most"/> that fits, given that all above a fitting one do; 0 = none.</summary>
    private static int Edge(int most, Func<int, bool> fits)
    {
        if (!fits(most))
        {
            return 0;
        }

        int low = 1;
        while (low < most)
        {
            int middle = low + ((most - low) / 2);
            (low, most) = fits(middle) ? (low, middle) : (middle + 1, most);
        }

        return low;
    }

    private static JsonObject With(SimulationConfig config, string part, string format)
    {
        JsonObject group = config.SimulationParams.Group("quantization").ToJson();
        group[part] = format;
        return group;
    }

    private static bool Fits(SimulationConfig config, string name, JsonNode value, SimulationEngine engine) =>
        Memory(config, name, value, engine) is { Fits: true };

    // The more the host takes, the more the device has left; the host's own memory is another matter.
    private static bool DeviceFits(SimulationConfig config, string name, JsonNode value, SimulationEngine engine) =>
        Memory(config, name, value, engine) is { } use && use.TotalBytes <= use.CapacityBytes;

    private static MemoryTotals? Memory(SimulationConfig config, string name, JsonNode value, SimulationEngine engine) =>
        TryPrepare(config with { SimulationParams = config.SimulationParams.With(name, value) }, engine) is { } plan
            ? plan.Memory(WorkloadPoint.From(plan.Request.Workload))
            : null;

    // A change the model cannot take (an indivisible degree) does not make it fit either.
    private static ICostPlan? TryPrepare(SimulationConfig config, SimulationEngine engine)
    {
        try
        {
            return engine.Prepare(config);
        }
        catch (InferometerException)
        {
            return null;
        }
    }
}
