using System.Globalization;
using Inferometer.Core;
using Inferometer.Core.Deployments;
using Inferometer.Core.Frameworks;
using Inferometer.Core.Hardware;
using Inferometer.Core.Models;
using Inferometer.Simulation.Operators;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Costs;

/// <summary>Says in sentences what the roofline took for granted for a given request.</summary>
internal static class Assumptions
{
    public static EquatableList<string> Of(DeploymentProfile profile)
    {
        EstimateRequest request = profile.Request;
        DeviceEfficiency e = profile.Device.Efficiency;
        List<string> said =
        [
            Say($"Operators run one after another; each takes max(arithmetic, memory) plus {e.LaunchSeconds * 1e6:0.##} us per kernel."),
            Say($"Fractions of peak: matrix products {e.Compute:0.##}, attention {e.AttentionCompute:0.##}, memory {e.Memory:0.##}, ")
                + Say($"attention memory {e.AttentionMemory:0.##}, links {e.Link:0.##} ({e.Source})."),
        ];
        FormatAssumptions.AddTo(said, profile);
        Memory(said, request);
        Parallel(said, profile);
        Techniques(said, request);
        Heads(said, request);
        said.AddRange(request.Architecture.Notes);

        return [.. said];
    }

    private static void Heads(List<string> said, EstimateRequest request)
    {
        if (request.Architecture.PredictionHeads is not { } heads)
        {
            return;
        }

        string named = heads.Count == 1 ? "a multi-token-prediction head" : Say($"{heads.Count} multi-token-prediction heads");
        string size = Say($"{heads.Parameters(request.Architecture) / 1e9:0.###} billion parameters");
        said.Add(
            request.Speculative?.Draft is { SharesTables: true }
                ? $"The model drafts with {named} of {size}, counted with the weights; table and LM head are the model's own."
                : $"The checkpoint also holds {named} of {size}, which are loaded only to draft with (--draft mtp) and are not counted.");
    }

    private static void Memory(List<string> said, EstimateRequest request)
    {
        Device device = request.System.Device;
        double share = new MemoryBudget(request).Share(device);
        if (request.Framework is { } framework)
        {
            string of = framework.ShareOf switch
            {
                MemoryShare.Everything => "of the usable memory for everything",
                MemoryShare.WeightsAndCache => "of the usable memory for weights and cache",
                _ => "of what is free beside weights and activations for the cache",
            };
            said.Add(
                Say($"Memory as {framework.Name} takes it: {share:P0} {of}; activations of a step of {request.MaxStepTokens} tokens."));
        }
        else if (request.MemoryUtilization is not null)
        {
            said.Add(Say($"The deployment takes {share:P0} of the usable memory."));
        }

        if (request.System.Devices.Count > 0)
        {
            said.Add("Unequal devices hold the layers one after another, each in proportion to its usable memory.");
        }

        if (request.Host is { } host)
        {
            string part = (host.GpuLayers, host.ExpertLayers) switch
            {
                ({ } n, 0) => Say($"All layers but the last {n} (the output layer counted)"),
                ({ } n, var e) => Say($"All layers but the last {n} (the output layer counted), and the experts of the first {e},"),
                (null, var e) => Say($"The experts of the first {e} layers"),
            };
            said.Add(
                Say($"{part} are computed by {host.Device.Name} at its own rates; in steps of {host.StreamFromTokens} tokens or more ")
                + "the device does, where bringing the weights over is faster. "
                + Say($"Handing over takes {DeploymentProfile.HostLatencySeconds * 1e6:0} us. ")
                + "Energy and cost are the devices' alone.");
        }
    }

    private static void Parallel(List<string> said, DeploymentProfile profile)
    {
        EstimateRequest request = profile.Request;
        Parallelism p = request.Parallelism;
        if (p.DeviceCount > 1)
        {
            said.Add(request.CommunicationOverlap > 0
                ? Say($"{request.CommunicationOverlap:P0} of every collective is hidden behind computation.")
                : "Collectives are not overlapped with computation.");
        }

        string decoding = profile.PipelinePieces > 0
            ? "a step that decodes goes through all stages before the next one begins."
            : "decode keeps the pipeline full from step to step.";
        if (p.Pipeline > 1 && request.System.Devices.Count > 0)
        {
            said.Add(char.ToUpperInvariant(decoding[0]) + decoding[1..]);
        }
        else if (p.Pipeline > 1)
        {
            said.Add(
                "Layers are dealt to pipeline stages in order, the first stages taking one more where they do not divide; " + decoding);
        }

        if (request.Architecture.Layers.Any(layer => layer.FeedForward is MoeFeedForward))
        {
            said.Add("Routing is uniform and independent per token; a step reads the weights of the experts it is expected to touch.");
        }
    }

    private static void Techniques(List<string> said, EstimateRequest request)
    {
        if (!request.FlashAttention)
        {
            said.Add("The score matrix is written to memory, normalised there and read again.");
        }

        if (request.Workload.BeamWidth > 1)
        {
            said.Add("Beams of a request store the prompt's KV once and read it once per step.");
        }

        if (request.Workload.CachedPrefixTokens > 0)
        {
            said.Add("A cached prefix is stored once per replica and read by every request.");
        }

        if (request.Speculative is { } speculative)
        {
            said.Add(
                Say($"A drafted token is accepted with probability {speculative.AcceptanceRate:0.###}, independently; ")
                + Say($"a round yields {speculative.ExpectedTokens:0.###} tokens and starts at any position equally often."));
        }

        if (request.Offload is { } offload)
        {
            said.Add(offload.Overlapped ? "Offloaded transfers overlap with local reads." : "Offloaded transfers and local reads add up.");
        }

        if (request.Lora is { Strategy: LoraStrategy.Merged })
        {
            said.Add("The adapter is merged into the weights and costs nothing per token.");
        }

        if (request.KvCompression is { } compression)
        {
            said.Add($"KV cache compressed with profile '{compression.Profile}'; recurrent state is not compressed.");
        }
    }

    private static string Say(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
