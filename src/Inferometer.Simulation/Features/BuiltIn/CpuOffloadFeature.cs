using System.Text.Json.Nodes;
using Inferometer.Core;
using Inferometer.Core.Hardware;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Features.BuiltIn;

internal sealed class CpuOffloadFeature : ISimulationFeature
{
    /// <summary>Host where none is named.</summary>
    private const string DefaultHost = "Desktop_8core";

    public FeatureMetadata Metadata { get; } = new()
    {
        Name = "cpu_offload",
        Category = FeatureCategory.Optimization,
        Description = "Layers, or the experts of layers, lie in the host's memory and are computed by its processor, as llama.cpp does it.",
        ConflictsWith = ["memory_offload"],
        Parameters =
        [
            new(
                "gpu_layers",
                "Layers on the device, counted from the last, the output layer as one behind them; the rest is the host's.",
                "all"),
            new("cpu_expert_layers", "Layers, counted from the first, whose routed experts are the host's; a number or 'all'.", "0"),
            new("host", "The processor beside the device, by its name in the hardware catalog.", DefaultHost),
        ],
    };

    public void BeforeSimulation(SimulationContext context)
    {
        bool layers = context.Parameters.Contains("gpu_layers");
        int experts = ExpertLayers(context);
        if (!layers && experts == 0)
        {
            throw new InferometerException(
                $"{context.Parameters.Path}: feature '{Metadata.Name}' needs gpu_layers or cpu_expert_layers; otherwise nothing is the "
                    + "host's.");
        }

        Device host = context.ResolveSystem(context.Parameters.Text("host", DefaultHost)).Device;
        context.Request = context.Request with
        {
            Host = new HostSpec
            {
                Device = host,
                GpuLayers = layers ? context.Parameters.Int32("gpu_layers", 0) : null,
                ExpertLayers = experts,
            },
        };
        if (!context.Parameters.Contains("host"))
        {
            context.Assume($"host: {host.Name}, because the configuration names none");
        }
    }

    private static int ExpertLayers(SimulationContext context)
    {
        bool all = context.Parameters.Raw("cpu_expert_layers") is JsonValue value
            && value.TryGetValue(out string? text) && string.Equals(text, "all", StringComparison.OrdinalIgnoreCase);
        return all ? context.Request.Architecture.LayerCount : context.Parameters.Int32("cpu_expert_layers", 0);
    }
}
