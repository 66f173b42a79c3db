using Inferometer.Core;
using Inferometer.Core.Hardware;
using Inferometer.Core.Models;
using Inferometer.Simulation.Operators;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Costs;

/// <summary>
/// Which stage holds each layer, and what of it the host computes. Equal devices share the layers in equal parts, the first
/// (layers mod stages) of them one more; unequal ones by their memory, as llama.cpp does.
/// </summary>
internal sealed class LayerPlaces
{
    private readonly int[] _stages;
    private readonly StagePlace[] _places;

    public LayerPlaces(DeploymentProfile profile)
    {
        ModelArchitecture model = profile.Architecture;
        EstimateRequest request = profile.Request;
        int layers = model.LayerCount;
        int hosted = request.Host?.GpuLayers is { } kept ? Math.Max(0, layers + 1 - kept) : 0;
        _stages = request.System.Devices.Count > 0
            ? ByMemory(request.System.Devices, layers, Math.Min(hosted, layers))
            : Equally(request.Parallelism.Pipeline, layers);
        DeploymentProfile? host = request.Host is { } spec ? profile.OnHost(spec.Device) : null;
        DeploymentProfile[] stages = request.System.Devices.Count > 0
            ? [.. request.System.Devices.Select((device, i) => i == 0 ? profile : profile.On(device))]
            : [profile];
        _places = new StagePlace[layers + 1];
        for (int i = 0; i <= layers; i++)
        {
            DeploymentProfile device = stages.Length == 1 ? profile : stages[i == layers ? ^1 : _stages[i]];
            bool experts = i < layers && i < request.Host?.ExpertLayers && model.Layers[i].FeedForward is MoeFeedForward;
            _places[i] = i < hosted ? new(device, host, HostPart.Layer) : experts ? new(device, host, HostPart.Experts) : new(device);
        }

        // llama.cpp keeps the embedding table with the host whatever the device has room for.
        Head = request.Host?.GpuLayers is null ? new(profile) : new(profile, host, HostPart.Layer);
        Crosses = request.Host?.GpuLayers is > 0;
    }

    /// <summary>What lies before the layers.</summary>
    public StagePlace Head { get; }

    /// <summary>What lies behind them.</summary>
    public StagePlace Tail => _places[^1];

    /// <summary>Activations go from the host to the device between two layers.</summary>
    public bool Crosses { get; }

    /// <summary>The stage of a layer.</summary>
    public int StageOf(int layer) => _stages[layer];

    /// <summary>Where a layer's operators run.</summary>
    public StagePlace Of(int layer) => _places[layer];

    private static int[] Equally(int stages, int layers)
    {
        int[] of = new int[layers];
        for (int stage = 0, layer = 0; stage < stages; stage++)
        {
            int size = (layers / stages) + (stage < layers % stages ? 1 : 0);
            of.AsSpan(layer, size).Fill(stage);
            layer += size;
        }

        return of;
    }

    // The layers from the first that is not the host's, and the output behind them, are dealt out in proportion to memory.
    private static int[] ByMemory(EquatableList<Device> devices, int layers, int first)
    {
        double whole = devices.Sum(device => device.UsableMemoryBytes);
        int[] of = new int[layers];
        int stage = 0;
        double border = devices[0].UsableMemoryBytes / whole;
        for (int layer = first; layer < layers; layer++)
        {
            while (stage < devices.Count - 1 && (layer - first) / (double)(layers + 1 - first) >= border)
            {
                stage++;
                border += devices[stage].UsableMemoryBytes / whole;
            }

            of[layer] = stage;
        }

        return of;
    }
}
