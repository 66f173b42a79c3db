using Inferometer.Core.Deployments;
using Inferometer.Core.Models;
using Inferometer.Core.Weights;
using Inferometer.Simulation.Operators;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Costs;

/// <summary>Says which formats weights, cache and activations are in, where that comes from, and what arithmetic runs.</summary>
internal static class FormatAssumptions
{
    public static void AddTo(List<string> said, DeploymentProfile profile)
    {
        EstimateRequest request = profile.Request;
        PrecisionSet set = request.Precisions;
        if (request.WeightScheme is { } scheme)
        {
            said.Add(
                $"Formats: weights {scheme.Name} (from {scheme.Origin}), KV cache {set.KvCache}, activations {set.Activations}.");
            if (scheme.Note is { } note)
            {
                said.Add(note);
            }
        }

        said.Add(Products(profile));
        MathFormat attention = DeploymentProfile.ProductFormat(set.KvCache, set.Activations);
        if (profile.Device.ArithmeticFor(attention) is var runs && runs != attention && attention != profile.MatrixFormat)
        {
            said.Add($"{profile.Device.Name} has no {Name(attention)} arithmetic: attention runs in {Name(runs)}.");
        }

        if (request.WindowExtraTokens > 0 && request.Architecture.Layers.Any(l => l.Mixer is AttentionMixer { WindowTokens: > 0 }))
        {
            said.Add(FormattableString.Invariant(
                $"Layers with a window keep {request.WindowExtraTokens} tokens beyond it, for those of the step that runs."));
        }
    }

    // One sentence for all products, by the arithmetic that runs; what a device lacks is named with what stands in.
    private static string Products(DeploymentProfile profile)
    {
        ResolvedWeight[] stored = profile.Weights is { Products.Count: > 0 } weights
            ? [.. weights.Products]
            : [profile.Stored(null, WeightKind.Query), profile.Stored(null, WeightKind.Head)];
        List<string> parts = [];
        foreach (IGrouping<MathFormat, ResolvedWeight> group in stored.GroupBy(profile.ProductOf))
        {
            MathFormat runs = profile.Device.ArithmeticFor(group.Key);
            string formats = string.Join(", ", group.Select(s => s.Format.Name).Distinct(StringComparer.Ordinal));
            string whole = $"with weights in {formats} in {Name(runs)}";
            parts.Add(runs == group.Key ? whole : $"{whole}, because {profile.Device.Name} has no {Name(group.Key)} arithmetic");
        }

        return parts.Count == 1 && stored.Length > 0 && !parts[0].Contains("because", StringComparison.Ordinal)
            ? $"Matrix products run in {Name(profile.Device.ArithmeticFor(profile.ProductOf(stored[0])))}."
            : $"Matrix products run: {string.Join("; ", parts)}.";
    }

    private static string Name(MathFormat format) => format.ToString().ToLowerInvariant();
}
