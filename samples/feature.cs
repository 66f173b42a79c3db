#:project ../src/Inferometer.Simulation
using Inferometer.Core.Hardware;
using Inferometer.Simulation;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Features;

// A feature of one's own: one class. Here the network between the devices is taken to be slower than its datasheet says.
FeatureRegistry features = FeatureRegistry.CreateDefault();
features.Register(() => new SlowLinks());
SimulationConfig config = SimulationConfig.FromJson("""
    {
      "model": "llama-3.3-70b",
      "features": ["prefill", "decode", "flash_attention", "slow_links"],
      "simulation_params": { "system_name": "h100", "tensor_parallel": 4, "slow_links": 0.25 }
    }
    """);
Console.WriteLine($"TPOT {new SimulationEngine(features).Simulate(config).Metrics.TpotMs:0.00} ms");

internal sealed class SlowLinks : ISimulationFeature
{
    public FeatureMetadata Metadata { get; } = new()
    {
        Name = "slow_links",
        Category = FeatureCategory.Hardware,
        Description = "Links between devices reach a share of their bandwidth.",
        Parameters = [new("slow_links", "Share of the bandwidth, above 0, up to 1.", Default: null)],
    };

    public void BeforeSimulation(SimulationContext context)
    {
        double share = context.Parameters.Number("slow_links", 1, 0.01, 1);
        HardwareSystem system = context.Request.System;
        Link slower = system.IntraNode with { Bandwidth = share * system.IntraNode.Bandwidth };
        context.Request = context.Request with { System = system with { IntraNode = slower } };
    }
}
