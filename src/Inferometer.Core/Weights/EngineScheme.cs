using Inferometer.Core.Deployments;

namespace Inferometer.Core.Weights;

/// <summary>
/// What inference engines quantise: linear layers, or the routed experts alone, but for the modules that a list keeps in the model's own
/// type. Tables, the LM head, routers, norms and biases stay as they are unless the format takes them too.
/// </summary>
public sealed record EngineScheme : WeightScheme
{
    /// <summary>The groups, in the order in which they are looked through.</summary>
    public required EquatableList<EngineGroup> Groups { get; init; }

    /// <summary>Type of everything that is not quantised.</summary>
    public required Precision Rest { get; init; }

    /// <summary>Names and patterns of modules that are left alone.</summary>
    public EquatableList<string> Kept { get; init; } = EquatableList<string>.Empty;

    /// <summary>Where the model has routed experts, they alone are quantised.</summary>
    public bool OnlyExperts { get; init; }

    /// <summary>The token table is quantised too (MLX).</summary>
    public bool TakesTables { get; init; }

    /// <summary>The LM head is quantised too.</summary>
    public bool TakesHead { get; init; }

    /// <inheritdoc/>
    public override Func<WeightTensor, StoredWeight> For(WeightFacts facts)
    {
        ArgumentNullException.ThrowIfNull(facts);
        ModulePatterns kept = new(Kept);
        (PackedFormat? Format, ModulePatterns Targets)[] groups = [.. Groups.Select(g => (g.Format, new ModulePatterns(g.Targets)))];
        return tensor =>
        {
            if (!Takes(tensor.Kind, facts) || kept.Match(tensor))
            {
                return new(tensor.Elements * Rest.BytesPerElement, Rest);
            }

            foreach ((PackedFormat? format, ModulePatterns targets) in groups)
            {
                if (targets.Match(tensor))
                {
                    return format is null ? Plain(tensor) : format.Store(tensor, facts);
                }
            }

            return Plain(tensor);
        };
    }

    private StoredWeight Plain(in WeightTensor tensor) => new(tensor.Elements * Rest.BytesPerElement, Rest);

    private bool Takes(WeightKind kind, WeightFacts facts) => kind switch
    {
        WeightKind.TokenTable => TakesTables || (TakesHead && facts.TiedEmbeddings),
        WeightKind.PartTable or WeightKind.Router => TakesTables,
        WeightKind.Head => TakesHead || TakesTables,
        WeightKind.PartIdle => false,
        _ when WeightParts.IsSmall(kind) => false,
        _ => !OnlyExperts || facts.Experts == 0 || WeightParts.Of(kind) == WeightPart.Experts,
    };
}
