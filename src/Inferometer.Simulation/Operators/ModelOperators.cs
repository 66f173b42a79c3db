using Inferometer.Core.Models;
using Inferometer.Core.Weights;

namespace Inferometer.Simulation.Operators;

/// <summary>Whole layers, and what lies before the first and after the last.</summary>
internal static class ModelOperators
{
    public static void Layer(OperatorList list, LayerArchitecture layer)
    {
        ModelArchitecture model = list.Profile.Architecture;
        double hidden = model.HiddenSize;
        bool parallel = model.ParallelBlocks && layer is { Mixer: not null, FeedForward: not null };
        if (layer.Mixer is not null)
        {
            HyperConnection(list, "mixer_hyper_connection");
            Norm(list, "input_norm");
            Mixer(list, layer.Mixer);
            if (layer.ParallelMixer is not null)
            {
                Mixer(list, layer.ParallelMixer);
            }

            if (!parallel)
            {
                list.AllReduce("mixer_all_reduce", hidden);
            }

            PostNorm(list, "mixer_post_norm");
        }

        if (layer.FeedForward is not null)
        {
            if (!parallel || model.PreBlockNorms > 1)
            {
                Norm(list, "feed_forward_norm");
            }

            HyperConnection(list, "feed_forward_hyper_connection");
            FeedForwardPart(list, layer.FeedForward);
            list.AllReduce("feed_forward_all_reduce", hidden);
            PostNorm(list, "feed_forward_post_norm");
        }

        if (layer.ReusesWeights)
        {
            list.KeepNothing();
        }

        SideOperators.Add(list, layer.Parts);
    }

    /// <summary>Lookup of the embedding, whose rows are split over the tensor-parallel group.</summary>
    public static void Head(OperatorList list)
    {
        ModelArchitecture model = list.Profile.Architecture;
        DeploymentProfile profile = list.Profile;
        double width = model.EmbeddingProjectionSize > 0 ? model.EmbeddingProjectionSize : model.HiddenSize;
        double positions = model.Position == PositionKind.Learned ? model.HiddenSize : 0;
        double rows = model.SharesTables ? 0 : DeploymentProfile.Part(model.VocabularySize, profile.Tensor) * width;
        double learned = model.Position == PositionKind.Learned ? (double)model.LearnedPositionRows * model.HiddenSize : 0;
        list.Add(new()
        {
            Name = "embedding",
            Group = OperatorGroup.Embedding,
            Weights = new()
            {
                PerToken = list.Bytes(WeightKind.TokenTable, width / profile.Tensor) + list.Bytes(WeightKind.PositionTable, positions),
            },
            ActivationWrite = new() { PerToken = width * list.Activation },
            ResidentBytes = list.Bytes(WeightKind.TokenTable, rows) + list.Bytes(WeightKind.PositionTable, learned),
            ResidentElements = rows + learned,
            Part = WeightPart.Embeddings,
        });
        list.AllReduce("embedding_all_reduce", width);
        if (model.EmbeddingProjectionSize > 0)
        {
            list.Matrix("embedding_projection", OperatorGroup.Embedding, WeightKind.TableProjection, width, model.HiddenSize);
        }

        SideOperators.Add(list, model.Parts);
        if (profile.Weights is { BytesBeside: > 0 } weights)
        {
            // Tensors that a file holds beside the network, such as tables of rotary divisors: kept, and read by nothing that is priced.
            list.Add(new()
            {
                Name = "other_tensors",
                Group = OperatorGroup.Embedding,
                Launches = 0,
                ResidentBytes = weights.BytesBeside,
                Part = WeightPart.Other,
            });
        }
    }

    /// <summary>Final norm, logits of the positions that need them (vocabulary split over the group), and the choice of a token.</summary>
    public static void Tail(OperatorList list)
    {
        ModelArchitecture model = list.Profile.Architecture;
        DeploymentProfile profile = list.Profile;
        if (!model.NormAfterResidual)
        {
            Norm(list, "final_norm");
        }

        double width = model.HiddenSize;
        if (model.EmbeddingProjectionSize > 0)
        {
            width = model.EmbeddingProjectionSize;
            list.Matrix("output_embedding_projection", OperatorGroup.LmHead, WeightKind.TableProjection, model.HiddenSize, width);
        }

        double rows = DeploymentProfile.Part(model.VocabularySize, profile.Tensor);
        double matrix = list.Bytes(WeightKind.Head, rows * width);
        double bytes = matrix + (model.LmHeadBias ? list.Bytes(WeightKind.Bias, rows) : 0);
        bool sharesTable = model.SharesTables || (model.TiedEmbeddings && profile.Request.Parallelism.Pipeline == 1);
        list.Add(new()
        {
            Name = "lm_head",
            Group = OperatorGroup.LmHead,
            Rate = RateClass.HeadMatrix,
            Flops = new() { PerRow = 2 * rows * width },
            Weights = new() { Fixed = bytes },
            ActivationRead = new() { PerRow = width * list.Activation },
            ActivationWrite = new() { PerRow = rows * list.Activation },
            Product = list.Product(WeightKind.Head),
            ResidentBytes = sharesTable ? bytes - matrix : bytes,
            ResidentElements = (sharesTable ? 0 : rows * width) + (model.LmHeadBias ? rows : 0),
            Part = WeightPart.Head,
        });
        if (profile.Tensor > 1)
        {
            list.Collective("logits_all_gather", profile.Network.AllGather(profile.Tensor), perToken: 0, perRow: rows * profile.Tensor);
        }

        // Softmax (maximum, exponential, sum) and one draw over the vocabulary.
        list.Add(new()
        {
            Name = "sampling",
            Group = OperatorGroup.LmHead,
            Flops = new() { PerRow = 4.0 * model.VocabularySize },
            ActivationRead = new() { PerRow = model.VocabularySize * list.Activation },
            ActivationWrite = new() { PerRow = sizeof(int) },
        });
    }

    /// <summary>Hidden states to the next pipeline stage; each tensor-parallel rank sends to its peer.</summary>
    public static void Boundary(OperatorList list, bool betweenNodes) => list.Collective(
        betweenNodes ? "send_receive_between_nodes" : "send_receive",
        list.Profile.Network.PointToPoint(betweenNodes),
        list.Profile.Architecture.HiddenSize);

    private static void Mixer(OperatorList list, TokenMixer mixer)
    {
        switch (mixer)
        {
            case AttentionMixer attention:
                AttentionOperators.Add(list, attention);
                break;
            case LatentAttentionMixer latent:
                LatentAttentionOperators.Add(list, latent);
                break;
            case CompressedAttentionMixer compressed:
                CompressedAttentionOperators.Add(list, compressed);
                break;
            case GatedDeltaMixer delta:
                RecurrentOperators.Add(list, delta);
                break;
            case MambaMixer mamba:
                RecurrentOperators.Add(list, mamba);
                break;
            case RecurrentMixer recurrence:
                RecurrentOperators.Add(list, recurrence);
                break;
            default:
                throw new NotSupportedException($"No operators are known for {mixer.GetType().Name}.");
        }
    }

    private static void FeedForwardPart(OperatorList list, FeedForward part)
    {
        switch (part)
        {
            case DenseFeedForward dense:
                FeedForwardOperators.Add(list, dense);
                break;
            case MoeFeedForward moe:
                FeedForwardOperators.Add(list, moe);
                break;
            default:
                throw new NotSupportedException($"No operators are known for {part.GetType().Name}.");
        }
    }

    // Several residual streams are mixed into the block's input and its output spread over them again by (2 + n) n weights per token.
    private static void HyperConnection(OperatorList list, string name)
    {
        double streams = list.Profile.Architecture.ResidualStreams;
        if (streams > 1)
        {
            double wide = streams * list.Profile.Architecture.HiddenSize;
            double mixes = (2 + streams) * streams;
            list.Elementwise(
                name, OperatorGroup.Norms, (2 * mixes * wide) + (2 * (2 + streams) * wide), 2 * wide, 2 * wide, (mixes * wide) + mixes + 3);
        }
    }

    private static void PostNorm(OperatorList list, string name)
    {
        if (list.Profile.Architecture.PostBlockNorms)
        {
            Norm(list, name);
        }
    }

    // Reads the block's output and the residual stream, writes the sum and its norm.
    internal static void Norm(OperatorList list, string name)
    {
        double hidden = list.Profile.Architecture.HiddenSize;
        double parameters = list.Profile.Architecture.Norm switch
        {
            NormKind.LayerNorm or NormKind.LayerNormPlusOne => 2 * hidden,
            NormKind.NonParametric => 0,
            _ => hidden,
        };
        list.Elementwise(name, OperatorGroup.Norms, 5 * hidden, 2 * hidden, 2 * hidden, parameters);
    }
}
