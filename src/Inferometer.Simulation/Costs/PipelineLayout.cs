using System.Runtime.InteropServices;
using Inferometer.Core.Models;
using Inferometer.Simulation.Operators;

namespace Inferometer.Simulation.Costs;

/// <summary>Distinct parts of a deployed network, and how many of each every pipeline stage holds.</summary>
internal sealed class PipelineLayout
{
    private readonly int[] _counts;

    public PipelineLayout(DeploymentProfile profile, SharedTables tables)
    {
        ModelArchitecture model = profile.Architecture;
        LayerPlaces places = new(profile);
        Stages = profile.Request.Parallelism.Pipeline;
        List<LayerClass> classes = [];
        int head = Add(classes, -1, Build(profile, tables, ModelOperators.Head), null, places.Head);
        int[] classOfLayer = LayerClasses(model, profile, tables, classes, places);
        StagePlace plain = new(profile);
        int near = Add(classes, -1, Build(profile, tables, list => ModelOperators.Boundary(list, betweenNodes: false)), null, plain);
        int far = Add(classes, -1, Build(profile, tables, list => ModelOperators.Boundary(list, betweenNodes: true)), null, plain);
        int tail = Add(classes, -1, Build(profile, tables, ModelOperators.Tail), null, places.Tail);
        int crossing = places.Crosses ? Add(classes, -1, Build(profile, tables, Crossing), null, plain) : -1;
        Classes = [.. classes];
        _counts = new int[Stages * Classes.Length];
        Count(0, head)++;
        if (crossing >= 0)
        {
            Count(0, crossing)++;
        }

        Count(Stages - 1, tail)++;
        for (int layer = 0; layer < model.LayerCount; layer++)
        {
            Count(places.StageOf(layer), classOfLayer[layer])++;
        }

        int stageDevices = profile.Tensor * profile.AttentionRanks;
        for (int stage = 1; stage < Stages; stage++)
        {
            Count(stage, profile.Network.CrossesNode(stage, stageDevices) ? far : near)++;
        }

        Totals = new int[Classes.Length];
        for (int i = 0; i < _counts.Length; i++)
        {
            Totals[i % Classes.Length] += _counts[i];
        }
    }

    public int Stages { get; }

    public LayerClass[] Classes { get; }

    /// <summary>Occurrences of each class over all stages.</summary>
    public int[] Totals { get; }

    /// <summary>Occurrences of each class in a stage.</summary>
    public ReadOnlySpan<int> Stage(int stage) => _counts.AsSpan(stage * Classes.Length, Classes.Length);

    private ref int Count(int stage, int index) => ref _counts[(stage * Classes.Length) + index];

    // Between the host's layers and the device's; around experts on the host activations go there and come back.
    private static void Crossing(OperatorList list) =>
        list.HostTransfer("activations_from_host", list.Profile.Architecture.HiddenSize);

    private static void Layer(OperatorList list, LayerArchitecture layer, HostPart part)
    {
        ModelOperators.Layer(list, layer);
        if (part == HostPart.Experts)
        {
            list.HostTransfer("activations_to_host", list.Profile.Architecture.HiddenSize);
            list.HostTransfer("activations_from_host", list.Profile.Architecture.HiddenSize);
        }
    }

    private static int[] LayerClasses(
        ModelArchitecture model, DeploymentProfile profile, SharedTables tables, List<LayerClass> classes, LayerPlaces places)
    {
        Dictionary<(LayerArchitecture, StagePlace), int> known = [];
        int[] classOfLayer = new int[model.LayerCount];
        for (int i = 0; i < classOfLayer.Length; i++)
        {
            LayerArchitecture layer = model.Layers[i];
            StagePlace place = places.Of(i);
            ref int index = ref CollectionsMarshal.GetValueRefOrAddDefault(known, (layer, place), out bool exists);
            if (!exists)
            {
                index = Add(classes, known.Count - 1, Build(profile, tables, list => Layer(list, layer, place.Part), layer), layer, place);
            }

            classOfLayer[i] = index;
        }

        return classOfLayer;
    }

    private static OperatorList Build(
        DeploymentProfile profile, SharedTables tables, Action<OperatorList> fill, LayerArchitecture? layer = null)
    {
        OperatorList list = new(profile, tables, layer);
        fill(list);
        return list;
    }

    private static int Add(List<LayerClass> classes, int index, OperatorList list, LayerArchitecture? layer, in StagePlace place)
    {
        classes.Add(new(index, list, layer, place));
        return classes.Count - 1;
    }
}
