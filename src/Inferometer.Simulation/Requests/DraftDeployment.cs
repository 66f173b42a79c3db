using Inferometer.Core.Deployments;
using Inferometer.Core.Models;
using Inferometer.Core.Weights;

namespace Inferometer.Simulation.Requests;

/// <summary>
/// The draft network of speculative decoding as a deployment of its own: on the same devices, as far as its layers and experts allow.
/// </summary>
internal static class DraftDeployment
{
    public static EstimateRequest RequestOf(EstimateRequest request, ModelArchitecture draft) => request with
    {
        Architecture = draft,
        WeightScheme = request.WeightScheme is { IsOfCheckpoint: true }
            ? draft.PublishedWeights ?? WeightFormats.Of(Precision.Bf16, "default")
            : request.WeightScheme,
        Speculative = null,
        Lora = null,
        KvCompression = null,
        Framework = null,
        Host = null,
        Parallelism = request.Parallelism with
        {
            Pipeline = Math.Min(request.Parallelism.Pipeline, draft.LayerCount),
            Expert = draft.Layers.Any(layer => layer.FeedForward is MoeFeedForward) ? request.Parallelism.Expert : 1,
        },
    };
}
