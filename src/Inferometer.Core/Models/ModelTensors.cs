using Inferometer.Core.Weights;

namespace Inferometer.Core.Models;

/// <summary>
/// The tensors of a network, one by one, with their shapes: what formats of weights are told by. Together they hold as many elements as
/// <see cref="ParameterCount"/> counts.
/// </summary>
public static class ModelTensors
{
    /// <summary>Every tensor: those outside the layers, then layer by layer. A layer that runs another's weights again has only its own
    /// parts.</summary>
    /// <param name="model">The network.</param>
    public static IEnumerable<WeightTensor> Of(ModelArchitecture model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return Outside(model).Concat(model.Layers.SelectMany((layer, index) => OfLayer(model, layer, index)));
    }

    /// <summary>What the rules of formats ask of a model.</summary>
    /// <param name="model">The network.</param>
    /// <param name="expertSplit">Devices that share the inner width of an expert.</param>
    public static WeightFacts Facts(ModelArchitecture model, int expertSplit = 1)
    {
        ArgumentNullException.ThrowIfNull(model);
        int[] ordinals = new int[model.LayerCount];
        int values = 0;
        for (int i = 0; i < ordinals.Length; i++)
        {
            ordinals[i] = values;
            values += model.Layers[i].Mixers.Any(m => m is AttentionMixer { ReusesCache: false, ValuesAreKeys: false }) ? 1 : 0;
        }

        TokenMixer? first = model.Layers.SelectMany(l => l.Mixers).FirstOrDefault(m => m is AttentionMixer or LatentAttentionMixer);
        return new WeightFacts
        {
            ModelType = model.ModelType,
            Layers = model.LayerCount,
            ValueOrdinals = ordinals,
            ValueLayers = values,
            QueriesPerKeyHead = first switch
            {
                AttentionMixer attention => attention.Heads / Math.Max(1, attention.KvHeads),
                LatentAttentionMixer latent => latent.Heads,
                _ => 1,
            },
            Experts = model.Layers.Max(l => l.FeedForward is MoeFeedForward moe ? moe.Experts : 0),
            TiedEmbeddings = model.TiedEmbeddings,
            KeptExperts = model.PublishedWeights is EngineScheme { Name: "mxfp4", OnlyExperts: true } scheme ? scheme.Main : null,
            ExpertSplit = expertSplit,
        };
    }

    internal static IEnumerable<WeightTensor> Outside(ModelArchitecture model)
    {
        long hidden = model.HiddenSize, width = LayerParameters.EmbeddingWidth(model);
        if (!model.SharesTables)
        {
            yield return new(WeightKind.TokenTable, -1, width, model.VocabularySize);
        }

        if (model.LearnedPositionRows > 0)
        {
            yield return new(WeightKind.PositionTable, -1, hidden, model.LearnedPositionRows);
        }

        if (model.EmbeddingProjectionSize > 0)
        {
            yield return new(WeightKind.TableProjection, -1, width, hidden, 2);
        }

        if (!model.TiedEmbeddings && !model.SharesTables && model.HasHead)
        {
            yield return new(WeightKind.Head, -1, width, model.VocabularySize);
        }

        if (model.LmHeadBias)
        {
            yield return new(WeightKind.Bias, -1, model.VocabularySize, 1);
        }

        if (!model.NormAfterResidual)
        {
            yield return new(WeightKind.Norm, -1, LayerParameters.Norm(model.Norm, hidden), 1);
        }

        foreach (WeightTensor part in Parts(model.Parts, -1, hidden))
        {
            yield return part;
        }
    }

    internal static IEnumerable<WeightTensor> OfLayer(ModelArchitecture model, LayerArchitecture layer, int index)
    {
        long hidden = model.HiddenSize;
        IEnumerable<WeightTensor> parts = Parts(layer.Parts, index, hidden);
        if (layer.ReusesWeights)
        {
            return parts;
        }

        long norms = LayerParameters.NormsPerLayer(model, layer) * LayerParameters.Norm(model.Norm, hidden);
        IEnumerable<WeightTensor> own = layer.Mixers.SelectMany(mixer => LayerTensors.Mixer(mixer, hidden, index))
            .Concat(LayerTensors.FeedForward(layer.FeedForward, hidden, index))
            .Append(new(WeightKind.Norm, index, norms, 1))
            .Append(new(WeightKind.Vector, index, LayerParameters.HyperConnections(model, layer), 1));
        return own.Where(t => t.Elements > 0).Concat(parts);
    }

    private static IEnumerable<WeightTensor> Parts(IEnumerable<SidePart> parts, int layer, long hidden) => parts.Select(part =>
    {
        WeightKind kind = part.Use switch
        {
            SidePartUse.Multiplied => WeightKind.PartMatrix,
            SidePartUse.Applied => WeightKind.PartVector,
            SidePartUse.LookedUp => WeightKind.PartTable,
            _ => WeightKind.PartIdle,
        };
        return part.Parameters % hidden == 0
            ? new WeightTensor(kind, layer, hidden, part.Parameters / hidden)
            : new WeightTensor(kind, layer, part.Parameters, 1);
    });
}
