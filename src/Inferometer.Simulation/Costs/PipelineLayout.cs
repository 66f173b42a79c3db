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
        Stages = profile.Request.Parallelism.Pipeline;
        List<LayerClass> classes = [];
        int head = Add(classes, -1, Build(profile, tables, ModelOperators.Head), null);
        int[] classOfLayer = LayerClasses(model, profile, tables, classes);
        int near = Add(classes, -1, Build(profile, tables, list => ModelOperators.Boundary(list, betweenNodes: false)), null);
        int far = Add(classes, -1, Build(profile, tables, list => ModelOperators.Boundary(list, betweenNodes: true)), null);
        int tail = Add(classes, -1, Build(profile, tables, ModelOperators.Tail), null);
        Classes = [.. classes];
        _counts = new int[Stages * Classes.Length];
        Count(0, head)++;
        Count(Stages - 1, tail)++;
        int stageDevices = profile.Tensor * profile.AttentionRanks;
        for (int stage = 0, layer = 0; stage < Stages; stage++)
        {
            // The first (layers mod stages) stages take one layer more.
            int size = (model.LayerCount / Stages) + (stage < model.LayerCount % Stages ? 1 : 0);
            for (int i = 0; i < size; i++, layer++)
            {
                Count(stage, classOfLayer[layer])++;
            }

            if (stage > 0)
            {
                Count(stage, profile.Network.CrossesNode(stage, stageDevices) ? far : near)++;
            }
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

    private static int[] LayerClasses(ModelArchitecture model, DeploymentProfile profile, SharedTables tables, List<LayerClass> classes)
    {
        Dictionary<LayerArchitecture, int> known = [];
        int[] classOfLayer = new int[model.LayerCount];
        for (int i = 0; i < classOfLayer.Length; i++)
        {
            LayerArchitecture layer = model.Layers[i];
            ref int index = ref CollectionsMarshal.GetValueRefOrAddDefault(known, layer, out bool exists);
            if (!exists)
            {
                index = Add(classes, known.Count - 1, Build(profile, tables, list => ModelOperators.Layer(list, layer), layer), layer);
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

    private static int Add(List<LayerClass> classes, int index, OperatorList list, LayerArchitecture? layer)
    {
        classes.Add(new(index, list, layer));
        return classes.Count - 1;
    }
}
