using System.Numerics;
using Inferometer.Core;
using Inferometer.Core.Deployments;
using Inferometer.Core.Hardware;
using Inferometer.Core.Models;

namespace Inferometer.Simulation.Requests;

/// <summary>What makes a request impossible, said in one line each.</summary>
internal static class RequestValidation
{
    public static void Check(EstimateRequest request)
    {
        Check(request.Parallelism, request.Architecture);
        if (!request.AllowUnevenHeads)
        {
            TensorParallelHeads.Check(request.Parallelism.Tensor, request.Architecture);
        }

        if (request.MemoryUtilization is not (null or (> 0 and <= 1)))
        {
            throw new InferometerException(
                $"memory utilization: {request.MemoryUtilization} is not a share above 0 and at most 1.");
        }

        if (request.System.Devices.Count > 0)
        {
            CheckMixed(request);
        }

        if (request.Host is { } host)
        {
            CheckHost(request, host);
        }

        request.Lora?.Validate();
        request.Offload?.Validate();
        request.Speculative?.Validate();
        request.KvCompression?.Validate();
        if (request.CommunicationOverlap is not (>= 0 and <= 1))
        {
            throw new InferometerException($"communication overlap: {request.CommunicationOverlap} is not a share between 0 and 1.");
        }

        if (request.Power.IdleFraction is not (>= 0 and <= 1))
        {
            throw new InferometerException($"power: the idle fraction {request.Power.IdleFraction} is not a share between 0 and 1.");
        }

        if (request.MicroBatches < 0 || request.MaxStepTokens < 0 || request.MaxSequences < 0 || request.WindowExtraTokens < 0
            || request.QueueingSeconds < 0)
        {
            throw new InferometerException(
                $"micro-batches {request.MicroBatches}, step tokens {request.MaxStepTokens}, sequences {request.MaxSequences}, extra "
                    + $"tokens "
                    + $"of windows {request.WindowExtraTokens} and queueing time {request.QueueingSeconds} must not be negative.");
        }
    }

    public static void Check(in WorkloadPoint point)
    {
        if (point.BatchSize < 1 || point.InputTokens < 1 || point.OutputTokens < 1 || point.BeamWidth < 1
            || point.CachedPrefixTokens < 0 || point.CachedPrefixTokens >= point.InputTokens)
        {
            Throw(point);
        }
    }

    private static void CheckMixed(EstimateRequest request)
    {
        (HardwareSystem system, Parallelism p) = (request.System, request.Parallelism);
        if (p.Tensor > 1 || p.Expert > 1 || p.Data > 1 || p.Pipeline != system.Devices.Count)
        {
            throw new InferometerException(
                $"parallelism: {system.Name} is a pipeline of {system.Devices.Count} unequal devices; tensor {p.Tensor}, pipeline "
                    + $"{p.Pipeline}, expert {p.Expert} and data {p.Data} parallelism cannot be asked of it.");
        }
    }

    private static void CheckHost(EstimateRequest request, HostSpec host)
    {
        host.Validate();
        Parallelism p = request.Parallelism;
        if (p.Tensor > 1 || p.Expert > 1 || p.Data > 1)
        {
            throw new InferometerException(
                $"host: a part of the network on the host goes with pipeline parallelism only; tensor {p.Tensor}, expert {p.Expert} and "
                    + $"data {p.Data} must be 1.");
        }

        if (request.Offload is not null)
        {
            throw new InferometerException(
                "host: the network's part is either computed on the host or brought over the link; give either.");
        }

        if (host.ExpertLayers > 0 && !request.Architecture.Layers.Any(layer => layer.FeedForward is MoeFeedForward))
        {
            throw new InferometerException($"host: {request.Architecture.Name} has no experts that could be kept on the host.");
        }

        if (host.Device.Kind is not "cpu")
        {
            throw new InferometerException($"host: {host.Device.Name} is a {host.Device.Kind}, not a processor.");
        }
    }

    private static void Check(Parallelism parallelism, ModelArchitecture architecture)
    {
        (int tensor, int pipeline, int expert, int data, bool attentionData) = parallelism;
        if (tensor < 1 || pipeline < 1 || expert < 1 || data < 1)
        {
            throw new InferometerException(
                $"parallelism: tensor {tensor} (--tp), pipeline {pipeline} (--pp), expert {expert} (--ep) and data {data} (--dp) must all "
                    + "be at least 1.");
        }

        if (pipeline > architecture.LayerCount)
        {
            throw new InferometerException(
                $"parallelism: {pipeline} pipeline stages (--pp) cannot share the {architecture.LayerCount} layers of "
                    + $"{architecture.Name}.");
        }

        int heads = architecture.Layers.Max(layer => layer.Mixers.Select(Heads).DefaultIfEmpty().Max());
        if (tensor > Math.Max(1, heads))
        {
            throw new InferometerException(
                $"parallelism: tensor = {tensor} (--tp) leaves devices without work; {architecture.Name} has {heads} heads to share.");
        }

        int experts = architecture.Layers.Max(layer => layer.FeedForward is MoeFeedForward moe ? moe.Experts : 0);
        if (expert > 1 && experts == 0)
        {
            throw new InferometerException(
                $"parallelism: expert = {expert} (--ep), but {architecture.Name} is a dense model: it has no experts to share.");
        }

        int group = attentionData ? tensor * data : tensor;
        if (group % expert != 0)
        {
            string of = attentionData ? $"tensor x data = {group} (--tp x --dp)" : $"tensor = {group} (--tp)";
            string way = attentionData ? ""
                : $" Data ranks share experts with attention data parallelism alone: --dp {Ranks()} --attention-dp.";
            throw new InferometerException($"parallelism: expert = {expert} (--ep) must divide {of}.{way}");
        }

        if (expert > 1 && expert > experts)
        {
            throw new InferometerException(
                $"parallelism: expert = {expert} (--ep), but {architecture.Name} has {experts} experts per layer.");
        }

        // The fewest with which the experts can be shared out.
        int Ranks() => expert / (int)BigInteger.GreatestCommonDivisor(expert, tensor);
    }

    private static int Heads(TokenMixer mixer) => mixer switch
    {
        AttentionMixer m => m.Heads,
        LatentAttentionMixer m => m.Heads,
        CompressedAttentionMixer m => m.Heads,
        GatedDeltaMixer m => m.ValueHeads,
        MambaMixer m => m.Heads,
        RecurrentMixer m => m.Heads,
        _ => 0,
    };

    private static void Throw(in WorkloadPoint point) => throw new InferometerException(
        $"workload: batch {point.BatchSize}, input {point.InputTokens}, output {point.OutputTokens} and beams {point.BeamWidth} must be "
            + "at least 1, " +
        $"and the cached prefix {point.CachedPrefixTokens} must be from 0 to one less than the input.");
}
