using Inferometer.Core;
using Inferometer.Core.Models;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Features.BuiltIn;

internal sealed class SpeculativeDecodeFeature : ISimulationFeature
{
    public FeatureMetadata Metadata { get; } = new()
    {
        Name = "speculative_decode",
        Category = FeatureCategory.Optimization,
        Description = "A draft proposes tokens and one step of the model checks them all.",
        RequiresAnyOf = ["decode"],
        Parameters =
        [
            new(
                "speculative_decode",
                "draft_model (a model's name, mtp for the model's own prediction heads, or ngram for prompt lookup), draft_tokens (4), "
                    + "acceptance_rate (0.7, from 0 to 1).",
                "{}"),
        ],
    };

    public void BeforeSimulation(SimulationContext context)
    {
        ParameterBag group = context.Parameters.Group("speculative_decode");
        group.RequireKnown(["draft_model", "draft_tokens", "acceptance_rate"]);
        string draft = Drafts.Require(group.Text("draft_model", Drafts.NGram), "--draft (speculative_decode.draft_model)");
        context.Request = context.Request with
        {
            Speculative = new SpeculativeSpec
            {
                Draft = DraftOf(draft, context),
                DraftTokens = group.Int32("draft_tokens", 4, minimum: 1, maximum: 256),
                AcceptanceRate = group.Number("acceptance_rate", 0.7, 0, 1),
            },
        };
        if (!group.Contains("acceptance_rate"))
        {
            context.Assume("speculative decoding: acceptance rate 0.7 per drafted token; measure yours");
        }
    }

    private static ModelArchitecture? DraftOf(string draft, SimulationContext context)
    {
        if (string.Equals(draft, Drafts.NGram, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        if (!string.Equals(draft, Drafts.OwnHeads, StringComparison.OrdinalIgnoreCase))
        {
            return context.ResolveModel(draft);
        }

        ModelArchitecture model = context.Request.Architecture;
        return model.PredictionHeads?.AsDraft(model) ?? throw new InferometerException(
            $"--draft {Drafts.OwnHeads} (speculative_decode.draft_model): {model.Name} has no heads for multi-token prediction that "
                + "its description mentions; give a model's name, or ngram.");
    }

    public void AfterSimulation(SimulationContext context) =>
        context.AddMetric(Metadata.Name, "expected_tokens_per_round", context.Request.Speculative!.ExpectedTokens);
}
