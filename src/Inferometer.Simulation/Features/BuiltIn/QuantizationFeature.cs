using Inferometer.Core;
using Inferometer.Core.Deployments;
using Inferometer.Core.Weights;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Features.BuiltIn;

internal sealed class QuantizationFeature : ISimulationFeature
{
    private static readonly string[] Sets = ["weights", "activations", "kv_cache", "communication"];
    private static readonly string[] Parts = [.. WeightParts.All.Select(p => p.Name)];

    public FeatureMetadata Metadata { get; } = new()
    {
        Name = "quantization",
        Category = FeatureCategory.Optimization,
        Order = 10,
        Description = "Stores weights, activations, KV cache or messages in formats of their own.",
        Parameters =
        [
            new(
                "quantization",
                "weights: a format of weights, in place of the checkpoint's or of bits; activations, kv_cache, communication: number "
                    + $"formats; {string.Join(", ", Parts)}: number formats of single parts of the weights (embeddings: the LM head "
                    + "too, unless head is given).",
                null),
        ],
    };

    public void BeforeSimulation(SimulationContext context)
    {
        ParameterBag group = context.Parameters.Group("quantization");
        group.RequireKnown([.. Sets, .. Parts]);
        EstimateRequest request = context.Request;
        PrecisionSet now = request.Precisions;
        WeightScheme? scheme = group.Contains("weights")
            ? FormatChoice.SchemeOf(group.Text("weights", ""), request.Architecture, $"{group.Path}.weights")
            : request.WeightScheme;
        context.Request = request with
        {
            WeightScheme = WithParts(group, scheme ?? FormatChoice.OfCheckpoint(request.Architecture)),
            Precisions = new PrecisionSet
            {
                Weights = group.Contains("weights") ? scheme!.Main : now.Weights,
                Activations = Read(group, "activations", now.Activations),
                KvCache = Read(group, "kv_cache", now.KvCache),
                Communication = Read(group, "communication", now.Communication),
            },
        };
    }

    private static WeightScheme WithParts(ParameterBag group, WeightScheme scheme)
    {
        List<PartScheme> parts = [];
        foreach ((WeightPart part, string name) in WeightParts.All)
        {
            // The LM head goes with the token table, as it did before it could be named.
            string key = part == WeightPart.Head && !group.Contains(name) ? "embeddings" : name;
            if (group.Contains(key))
            {
                string origin = $"{group.Path}.{key}";
                Precision format = WeightFormats.Find(group.Text(key, ""), origin).Main;
                parts.Add(new(part, WeightFormats.Of(format, origin)));
            }
        }

        return parts.Count == 0 ? scheme : new OverriddenScheme
        {
            Name = $"{scheme.Name} ({string.Join(", ", parts.Select(p => $"{WeightParts.NameOf(p.Part)} {p.Scheme.Name}"))})",
            Origin = scheme.Origin.StartsWith(group.Path, StringComparison.Ordinal) ? group.Path : $"{scheme.Origin} and {group.Path}",
            Main = scheme.Main,
            Compute = scheme.Compute,
            IsOfCheckpoint = scheme.IsOfCheckpoint,
            Note = scheme.Note,
            Base = scheme,
            Parts = new EquatableList<PartScheme>(parts),
        };
    }

    private static Precision Read(ParameterBag group, string name, Precision fallback) =>
        group.Contains(name) ? Precision.Parse(group.Text(name, fallback.Name), $"{group.Path}.{name}") : fallback;
}
