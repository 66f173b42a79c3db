using Inferometer.Core;
using Inferometer.Simulation.Configuration;

namespace Inferometer.Simulation.Features.BuiltIn;

internal sealed class PrefixCachingFeature : ISimulationFeature
{
    public FeatureMetadata Metadata { get; } = new()
    {
        Name = "prefix_caching",
        ReadsWorkload = true,
        Category = FeatureCategory.Optimization,
        Description = "The beginning of every prompt is in the cache already and is shared by the batch.",
        RequiresAnyOf = ["prefill", "decode"],
        Parameters =
        [
            new("prefix_caching", "cached_tokens (leading prompt tokens), or hit_rate (their share of the prompt, from 0 to 1).", null),
        ],
    };

    public void BeforeSimulation(SimulationContext context)
    {
        ParameterBag group = context.Parameters.Group("prefix_caching");
        group.RequireKnown(["cached_tokens", "hit_rate"]);
        int input = context.Request.Workload.InputTokens;
        if (group.Contains("cached_tokens") == group.Contains("hit_rate"))
        {
            throw new InferometerException($"{group.Path}: give either cached_tokens or hit_rate.");
        }

        // The last prompt token always runs: its logits choose the first output token.
        int cached = group.Contains("hit_rate")
            ? Math.Min(input - 1, (int)Math.Round(group.Number("hit_rate", 0, 0, 1) * input))
            : group.Int32("cached_tokens", 0, minimum: 0, maximum: input - 1);
        context.Request = context.Request with
        {
            Workload = context.Request.Workload with { CachedPrefixTokens = cached },
        };
    }

    public void AfterSimulation(SimulationContext context) =>
        context.AddMetric(Metadata.Name, "cached_prefix_tokens", context.Request.Workload.CachedPrefixTokens);
}
