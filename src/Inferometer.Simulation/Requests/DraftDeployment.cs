using Inferometer.Core.Models;

namespace Inferometer.Simulation.Requests;

/// <summary>
/// The draft network of speculative decoding as a deployment of its own: on the same devices, as far as its layers and experts allow.
/// </summary>
internal static class DraftDeployment
{
    public static EstimateRequest RequestOf(EstimateRequest request, ModelArchitecture draft) => request with
    {
        Architecture = draft,
        Speculative = null,
        Lora = null,
        KvCompression = null,
        Parallelism = request.Parallelism with
        {
            Pipeline = Math.Min(request.Parallelism.Pipeline, draft.LayerCount),
            Expert = draft.Layers.Any(layer => layer.FeedForward is MoeFeedForward) ? request.Parallelism.Expert : 1,
        },
    };
}
