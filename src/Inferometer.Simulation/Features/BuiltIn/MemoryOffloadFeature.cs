using System.Text.Json.Nodes;
using Inferometer.Core;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Features.BuiltIn;

internal sealed class MemoryOffloadFeature : ISimulationFeature
{
    public FeatureMetadata Metadata { get; } = new()
    {
        Name = "memory_offload",
        ReadsWorkload = true,
        Category = FeatureCategory.Optimization,
        Order = 1000,
        Description = "Keeps a share of the weights or of the KV cache in slower memory and reads it over a link.",
        Parameters =
        [
            new(
                "memory_offload",
                "weights and kv: share kept outside, 0 to 1 (weights default: auto, what does not fit); bandwidth_gbps of the link "
                    + "(default: the device's host link); overlapped (true).",
                "{}"),
        ],
    };

    public void BeforeSimulation(SimulationContext context)
    {
        ParameterBag group = context.Parameters.Group("memory_offload");
        group.RequireKnown(["weights", "kv", "bandwidth_gbps", "overlapped"]);
        double link = group.Number("bandwidth_gbps", 0) * 1e9;
        if (link == 0 && context.Request.System.Device.HostLinkBandwidth == 0)
        {
            throw new InferometerException(
                $"{group.Path}.bandwidth_gbps: must be given, because {context.Request.System.Name} states no host link.");
        }

        OffloadSpec spec = new()
        {
            KvShare = group.Number("kv", 0, 0, 1),
            LinkBandwidth = link,
            Overlapped = group.Boolean("overlapped", fallback: true),
        };
        bool automatic = !group.Contains("weights")
            || (group.Raw("weights") is JsonValue value
                && value.TryGetValue(out string? text)
                && string.Equals(text, "auto", StringComparison.Ordinal));
        context.Request = context.Request with { Offload = spec with { WeightShare = automatic ? 0 : group.Number("weights", 0, 0, 1) } };
        if (automatic)
        {
            context.Request = context.Request with { Offload = spec with { WeightShare = ShareThatDoesNotFit(context) } };
        }
    }

    public void AfterSimulation(SimulationContext context)
    {
        context.AddMetric(Metadata.Name, "weight_share", context.Request.Offload!.WeightShare);
        context.AddMetric(Metadata.Name, "kv_share", context.Request.Offload!.KvShare);
    }

    // Memory does not depend on the cost model's idea of time, so the roofline's own plan is asked.
    private static double ShareThatDoesNotFit(SimulationContext context)
    {
        if (context.Step is not null)
        {
            throw new InferometerException(
                $"{context.Parameters.Path}.memory_offload.weights: must be given for a chunked simulation; 'auto' needs a whole "
                    + "workload to size memory by.");
        }

        MemoryTotals use = new RooflineCostModel().Prepare(context.Request).Memory(WorkloadPoint.From(context.Request.Workload))!.Value;
        double excess = use.TotalBytes - use.CapacityBytes;
        return excess <= 0 ? 0 : Math.Min(1, excess / use.WeightBytes);
    }
}
