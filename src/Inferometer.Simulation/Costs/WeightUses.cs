using Inferometer.Core.Models;
using Inferometer.Core.Weights;
using Inferometer.Simulation.Operators;

namespace Inferometer.Simulation.Costs;

/// <summary>Weights of a pipeline stage by part of the model: where none is asked for, of the one that holds most of them.</summary>
internal static class WeightUses
{
    private const string Adapters = "adapters";

    public static IReadOnlyList<WeightUse> Of(DeploymentProfile profile, PipelineLayout layout, int? asked)
    {
        Dictionary<string, (double Elements, double Bytes)> parts = new(StringComparer.Ordinal);
        ReadOnlySpan<int> held = layout.Stage(asked ?? Fullest(layout));
        for (int c = 0; c < held.Length; c++)
        {
            foreach (OperatorTemplate item in layout.Classes[c].Templates.Where(t => t.ResidentBytes > 0))
            {
                string name = item.Part is { } part ? WeightParts.NameOf(part) : Adapters;
                (double elements, double bytes) = parts.GetValueOrDefault(name);
                parts[name] = (elements + (held[c] * item.ResidentElements), bytes + (held[c] * item.ResidentBytes));
            }
        }

        return
        [
            .. WeightParts.All.Select(p => p.Name).Append(Adapters).Where(parts.ContainsKey)
                .Select(name => new WeightUse(name, Formats(profile, name), parts[name].Elements, parts[name].Bytes))
                .Where(use => use.Bytes > 0),
        ];
    }

    /// <summary>All of a draft network as one part.</summary>
    public static WeightUse Draft(IReadOnlyList<WeightUse> parts) => new(
        "draft",
        string.Join(", ", parts.OrderByDescending(p => p.Bytes).Select(p => p.Formats).Distinct(StringComparer.Ordinal).Take(2)),
        parts.Sum(p => p.Elements), parts.Sum(p => p.Bytes));

    private static int Fullest(PipelineLayout layout)
    {
        int fullest = 0;
        double most = -1;
        for (int stage = 0; stage < layout.Stages; stage++)
        {
            double bytes = 0;
            ReadOnlySpan<int> counts = layout.Stage(stage);
            for (int c = 0; c < counts.Length; c++)
            {
                bytes += counts[c] * layout.Classes[c].WeightBytes;
            }

            (fullest, most) = bytes > most ? (stage, bytes) : (fullest, most);
        }

        return fullest;
    }

    private static string Formats(DeploymentProfile profile, string part)
    {
        if (part is Adapters)
        {
            return profile.Request.Precisions.Activations.Name;
        }

        if (profile.Weights is not { } weights)
        {
            return profile.Request.Precisions.Weights.Name;
        }

        PartWeights[] own = [.. weights.Parts.Where(p => string.Equals(WeightParts.NameOf(p.Part), part, StringComparison.Ordinal))];
        return own.Length == 0
            ? "as stored"
            : string.Join(", ", own.OrderByDescending(p => p.Bytes).Select(p => p.Format).Distinct(StringComparer.Ordinal));
    }
}
