using Inferometer.Core.Weights;

namespace Inferometer.Core.Models;

/// <summary>
/// Multi-token prediction (MTP, NextN): heads behind the last layer, each of which joins the last hidden state with the embedding of the
/// next token and runs a layer of its own to guess the token after that (DeepSeek-V3 technical report, 2024, section 2.2). A causal
/// language model does not need them, and frameworks load them only to draft with.
/// </summary>
public sealed record PredictionHeads
{
    /// <summary>Heads; one can be run again and again to draft several tokens.</summary>
    public required int Count { get; init; }

    /// <summary>Layers that one head runs.</summary>
    public required EquatableList<LayerArchitecture> Layers { get; init; }

    /// <summary>
    /// One head as a draft model: its layers behind the projection of two hidden states to one, between the table and the LM head of
    /// the model. Heads beyond the first are kept and not run.
    /// </summary>
    /// <param name="model">The model that the heads belong to.</param>
    public ModelArchitecture AsDraft(ModelArchitecture model)
    {
        ArgumentNullException.ThrowIfNull(model);
        ModelArchitecture head = Head(model);
        return Count == 1 ? head : head with
        {
            Parts = [.. head.Parts, new("further prediction heads", (Count - 1) * ParameterCount.Of(head).Total, SidePartUse.Idle)],
        };
    }

    /// <summary>Parameters of all heads, without the table and the LM head, which they share with the model.</summary>
    /// <param name="model">The model that the heads belong to.</param>
    public long Parameters(ModelArchitecture model) => checked(Count * ParameterCount.Of(Head(model)).Total);

    private ModelArchitecture Head(ModelArchitecture model)
    {
        long hidden = model.HiddenSize;
        return model with
        {
            Name = $"{model.Name}, prediction head",
            Layers = Layers,
            Parts =
            [
                new("projection of hidden state and embedding", 2 * hidden * hidden, SidePartUse.Multiplied),
                new("norms of hidden state and embedding", 2 * hidden, SidePartUse.Applied),
            ],
            ExtraParameters = 0,
            LearnedPositionRows = 0,
            EmbeddingProjectionSize = 0,
            SharesTables = true,
            PredictionHeads = null,
            PublishedWeights = model.PublishedWeights is StoredTable stored ? LastLayer(stored, model) : model.PublishedWeights,
            Notes = EquatableList<string>.Empty,
        };
    }

    // The heads' own tensors are not in the table; they are stored as the last layer's are.
    private static StoredTable LastLayer(StoredTable stored, ModelArchitecture model)
    {
        int last = model.LayerCount - 1;
        return stored with
        {
            TotalBytes = 0,
            Entries = [.. stored.Entries.Where(e => e.Layer < 0 || e.Layer == last).Select(e => e.Layer < 0 ? e : e with { Layer = 0 })],
        };
    }
}
