using System.Text.Json.Nodes;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Features.BuiltIn;

internal sealed class LoraFeature : ISimulationFeature
{
    public FeatureMetadata Metadata { get; } = new()
    {
        Name = "lora",
        Category = FeatureCategory.Model,
        Description = "Serves low-rank adapters with the model: their FLOPs, bytes and memory.",
        Parameters =
        [
            new(
                "lora",
                "rank (16), adapters (1), strategy (dynamic or merged), targets (list of qkv, output, gate_up, down, attention, "
                    + "feed_forward).",
                "{}"),
        ],
    };

    public void BeforeSimulation(SimulationContext context)
    {
        ParameterBag lora = context.Parameters.Group("lora");
        lora.RequireKnown(["rank", "adapters", "strategy", "targets"]);
        LoraTargets targets = LoraTargets.None;
        foreach (LoraTargets target in lora.List("targets", "qkv, output, gate_up, down, attention or feed_forward", ReadTarget))
        {
            targets |= target;
        }

        context.Request = context.Request with
        {
            Lora = new LoraSpec
            {
                Rank = lora.Int32("rank", 16, minimum: 1),
                Adapters = lora.Int32("adapters", 1, minimum: 1),
                Strategy = string.Equals(lora.Text("strategy", "dynamic", "dynamic", "merged"), "merged", StringComparison.Ordinal)
                    ? LoraStrategy.Merged
                    : LoraStrategy.Dynamic,
                Targets = targets == LoraTargets.None ? LoraTargets.Attention | LoraTargets.FeedForward : targets,
            },
        };
    }

    private static LoraTargets? ReadTarget(JsonNode node) => node is JsonValue value && value.TryGetValue(out string? text)
        ? text switch
        {
            "qkv" => LoraTargets.QueryKeyValue,
            "output" => LoraTargets.Output,
            "gate_up" => LoraTargets.GateUp,
            "down" => LoraTargets.Down,
            "attention" => LoraTargets.Attention,
            "feed_forward" => LoraTargets.FeedForward,
            _ => null,
        }
        : null;
}
