namespace Inferometer.Core.Weights;

/// <summary>The part a kind of tensor belongs to, and the names of the parts.</summary>
public static class WeightParts
{
    private static readonly (WeightPart Part, string Name)[] Named =
    [
        (WeightPart.Embeddings, "embeddings"), (WeightPart.Head, "head"), (WeightPart.Attention, "attention"),
        (WeightPart.FeedForward, "feed_forward"), (WeightPart.Experts, "experts"), (WeightPart.SharedExperts, "shared_experts"),
        (WeightPart.Router, "router"), (WeightPart.Norms, "norms"), (WeightPart.Other, "other"),
    ];

    /// <summary>Every part by the name that settings and results use, in the order of pages.</summary>
    public static IReadOnlyList<(WeightPart Part, string Name)> All => Named;

    /// <summary>The name of a part, such as <c>feed_forward</c>.</summary>
    public static string NameOf(WeightPart part) => Named[(int)part].Name;

    /// <summary>The part of a kind of tensor.</summary>
    public static WeightPart Of(WeightKind kind) => kind switch
    {
        WeightKind.TokenTable or WeightKind.PositionTable or WeightKind.TableProjection => WeightPart.Embeddings,
        WeightKind.Head => WeightPart.Head,
        >= WeightKind.Query and <= WeightKind.Convolution => WeightPart.Attention,
        WeightKind.Gate or WeightKind.Up or WeightKind.Down => WeightPart.FeedForward,
        WeightKind.ExpertGate or WeightKind.ExpertUp or WeightKind.ExpertDown => WeightPart.Experts,
        >= WeightKind.SharedGate and <= WeightKind.SharedSwitch => WeightPart.SharedExperts,
        WeightKind.Router => WeightPart.Router,
        WeightKind.Norm or WeightKind.Bias or WeightKind.Vector => WeightPart.Norms,
        _ => WeightPart.Other,
    };

    /// <summary>
    /// Kinds that frameworks keep in a wide type whatever the rest is quantised to, and whose products run with the activations.
    /// </summary>
    public static bool IsSmall(WeightKind kind) => kind is WeightKind.Norm or WeightKind.Bias or WeightKind.Vector
        or WeightKind.PartVector or WeightKind.Convolution or WeightKind.SharedSwitch or WeightKind.Router or WeightKind.PositionTable;
}
