using Inferometer.Core.Models;
using Inferometer.Core.Weights;

namespace Inferometer.Simulation.Operators;

/// <summary>
/// Parts beside mixers and feed-forward networks. They are small or rarely run, so every device of a tensor-parallel group is taken to
/// hold them whole, except tables, whose rows are split as the embedding's are.
/// </summary>
internal static class SideOperators
{
    public static void Add(OperatorList list, IReadOnlyList<SidePart> parts)
    {
        foreach (SidePart part in parts)
        {
            list.Add(Operator(list, part));
        }
    }

    private static OperatorTemplate Operator(OperatorList list, SidePart part)
    {
        DeploymentProfile profile = list.Profile;
        double hidden = profile.Architecture.HiddenSize;
        var stream = new StepForm { PerToken = hidden * list.Activation };
        string name = part.Name.Replace(' ', '_');
        switch (part.Use)
        {
            case SidePartUse.Multiplied:
                double bytes = list.Bytes(WeightKind.PartMatrix, part.Parameters);
                return new()
                {
                    Name = name,
                    Group = OperatorGroup.FeedForward,
                    Rate = RateClass.Matrix,
                    Product = list.Product(WeightKind.PartMatrix),
                    Flops = new() { PerToken = 2.0 * part.Parameters },
                    Weights = new() { Fixed = bytes },
                    ActivationRead = stream,
                    ActivationWrite = stream,
                    ResidentBytes = bytes,
                    ResidentElements = part.Parameters,
                    Part = WeightPart.Other,
                };
            case SidePartUse.Applied:
                return new()
                {
                    Name = name,
                    Group = OperatorGroup.Norms,
                    Flops = new() { PerToken = part.Parameters },
                    Weights = new() { Fixed = list.Bytes(WeightKind.PartVector, part.Parameters) },
                    ActivationRead = stream,
                    ActivationWrite = stream,
                    ResidentBytes = list.Bytes(WeightKind.PartVector, part.Parameters),
                    ResidentElements = part.Parameters,
                    Part = WeightPart.Other,
                };
            case SidePartUse.LookedUp:
                double table = list.Bytes(WeightKind.PartTable, part.Parameters) / profile.Tensor;
                return new()
                {
                    Name = name,
                    Group = OperatorGroup.Embedding,
                    Weights = new() { PerToken = table / profile.Architecture.VocabularySize },
                    ActivationWrite = stream,
                    ResidentBytes = table,
                    ResidentElements = (double)part.Parameters / profile.Tensor,
                    Part = WeightPart.Other,
                };
            default:
                return new()
                {
                    Name = name,
                    Group = OperatorGroup.Embedding,
                    Launches = 0,
                    ResidentBytes = list.Bytes(WeightKind.PartIdle, part.Parameters),
                    ResidentElements = part.Parameters,
                    Part = WeightPart.Other,
                };
        }
    }
}
