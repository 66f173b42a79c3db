namespace Inferometer.Core.Models;

/// <summary>
/// Exact number of parameters of an architecture, by part. Norms inside a mixer (QK-norm, latent norms) count as attention.
/// </summary>
public sealed record ParameterCount
{
    /// <summary>Token table, learned positions, and projections between embedding width and hidden size.</summary>
    public required long Embedding { get; init; }

    /// <summary>Token mixers: attention, recurrences, their biases, sinks and inner norms.</summary>
    public required long Attention { get; init; }

    /// <summary>Dense feed-forward parts, shared experts, and dense parts beside experts.</summary>
    public required long FeedForward { get; init; }

    /// <summary>Routed experts.</summary>
    public required long Experts { get; init; }

    /// <summary>Routers.</summary>
    public required long Router { get; init; }

    /// <summary>Norms between blocks, the final norm, and hyper-connections.</summary>
    public required long Norms { get; init; }

    /// <summary>LM head with its bias; only the bias where the table is tied.</summary>
    public required long Head { get; init; }

    /// <summary><see cref="ModelArchitecture.ExtraParameters"/> and the side parts of the model and of its layers.</summary>
    public required long Extra { get; init; }

    /// <summary>Routed experts that one token does not use.</summary>
    public required long IdleExperts { get; init; }

    /// <summary>Side parts that text does not use, such as towers for images and sound.</summary>
    public required long IdleParts { get; init; }

    /// <summary>The LM head reuses the token table.</summary>
    public required bool TiedEmbeddings { get; init; }

    /// <summary>All parameters; a tied table counts once.</summary>
    public long Total => Embedding + Attention + FeedForward + Experts + Router + Norms + Head + Extra;

    /// <summary>Parameters one token of text uses: all but the experts it is not routed to and the parts for other input.</summary>
    public long Active => Total - IdleExperts - IdleParts;

    /// <summary>
    /// As <see cref="Active"/> without the input table, of which a token reads one row; a tied table stays, since the head multiplies all
    /// of it. gpt-oss is published this way.
    /// </summary>
    public long ActiveWithoutInputTable => TiedEmbeddings ? Active : Active - Embedding;

    /// <summary>Counts the parameters of <paramref name="model"/>.</summary>
    /// <exception cref="OverflowException">The sum exceeds 2^63 - 1.</exception>
    public static ParameterCount Of(ModelArchitecture model)
    {
        ArgumentNullException.ThrowIfNull(model);
        checked
        {
            long hidden = model.HiddenSize;
            long norm = LayerParameters.Norm(model.Norm, hidden);
            long attention = 0, feedForward = 0, experts = 0, router = 0, idle = 0;
            long norms = model.NormAfterResidual ? 0 : norm;
            long extra = model.ExtraParameters + model.Parts.Sum(part => part.Parameters);
            foreach (LayerArchitecture layer in model.Layers)
            {
                extra += layer.Parts.Sum(part => part.Parameters);
                if (layer.ReusesWeights)
                {
                    continue;
                }

                norms += LayerParameters.NormsPerLayer(model, layer) * norm + LayerParameters.HyperConnections(model, layer);
                attention += layer.Mixers.Sum(mixer => LayerParameters.Mixer(mixer, hidden));
                if (layer.FeedForward is MoeFeedForward moe)
                {
                    long expert = LayerParameters.Expert(moe, hidden);
                    experts += moe.Experts * expert;
                    idle += Math.Max(0, moe.Experts - moe.ExpertsPerToken) * expert;
                    router += LayerParameters.Router(moe, hidden);
                    feedForward += LayerParameters.BesideExperts(moe, hidden);
                }
                else if (layer.FeedForward is DenseFeedForward dense)
                {
                    feedForward += LayerParameters.Dense(dense, hidden);
                }
            }

            return new ParameterCount
            {
                Embedding = LayerParameters.Embedding(model),
                Attention = attention,
                FeedForward = feedForward,
                Experts = experts,
                Router = router,
                Norms = norms,
                Head = (model.TiedEmbeddings || model.SharesTables || !model.HasHead
                        ? 0
                        : model.VocabularySize * LayerParameters.EmbeddingWidth(model))
                    + (model.LmHeadBias ? model.VocabularySize : 0),
                Extra = extra,
                IdleExperts = idle,
                IdleParts = model.Parts.Concat(model.Layers.SelectMany(layer => layer.Parts))
                    .Where(part => part.Use == SidePartUse.Idle).Sum(part => part.Parameters),
                TiedEmbeddings = model.TiedEmbeddings,
            };
        }
    }
}
