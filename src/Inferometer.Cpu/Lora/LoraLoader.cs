using Inferometer.Core;
using Inferometer.Core.Gguf;
using Inferometer.Core.Models;
using Inferometer.Cpu.Kernels.Matrices;
using Inferometer.Cpu.Weights;
using Inferometer.ModelFiles.Formats;

namespace Inferometer.Cpu.Lora;

/// <summary>Fits an adapter file to a loaded model: shapes, fused projections, and the order of rotary channels.</summary>
internal static class LoraLoader
{
    /// <summary>Reads a PEFT folder or a GGUF adapter file.</summary>
    /// <exception cref="InferometerException">The adapter is damaged or does not fit the model.</exception>
    public static LoraAdapter Load(string path, LoadedModel model, double scale = 1)
    {
        bool folder = Directory.Exists(path);
        using ITensorSource source = ModelFile.Open(folder ? Path.Combine(path, PeftAdapterReader.WeightsName) : path);
        LoraFile file = source is GgufModelFile gguf
            ? GgufAdapterReader.Read(gguf, FusedUp(model))
            : PeftAdapterReader.Read(folder ? path : Path.GetDirectoryName(Path.GetFullPath(path))!, source);
        if (file.Entries.Count == 0)
        {
            throw new InferometerException($"{path}: the adapter holds no LoRA tensors.");
        }

        var pairs = new LoraPair?[model.Architecture.LayerCount * LoraSites.PerLayer];
        try
        {
            foreach (LoraEntry entry in file.Entries)
            {
                Add(pairs, file, entry with { Scale = scale * entry.Scale }, model);
            }
        }
        catch
        {
            new LoraAdapter(path, model.Weights, pairs).Dispose();
            throw;
        }

        return new LoraAdapter(Path.GetFileNameWithoutExtension(Path.TrimEndingDirectorySeparator(path)), model.Weights, pairs);
    }

    private static bool FusedUp(LoadedModel model) => string.Equals(model.Architecture.ModelType, "phi3", StringComparison.Ordinal);

    private static void Add(LoraPair?[] pairs, LoraFile file, LoraEntry entry, LoadedModel model)
    {
        if (entry.Layer >= model.Architecture.LayerCount)
        {
            throw Wrong(file, entry, $"is of layer {entry.Layer}; the model has {model.Architecture.LayerCount}");
        }

        Projection[] targets = [.. entry.Sites.Select(site => Target(file, entry, site, model))];
        int outputs = targets.Sum(target => target.Matrix.Rows), inputs = targets[0].Matrix.Columns;
        long rank = entry.Down.Rows;
        if (entry.Down.Columns != inputs || entry.Up.Rows != outputs || entry.Up.Columns != rank)
        {
            throw Wrong(
                file, entry,
                $"is [{rank}, {entry.Down.Columns}] with a partner [{entry.Up.Rows}, {entry.Up.Columns}]; the model asks for [rank, "
                    + $"{inputs}] and [{outputs}, rank]");
        }

        float[] down = Values(file, entry, entry.Down), up = Values(file, entry, entry.Up);
        int firstRow = 0;
        for (int i = 0; i < targets.Length; i++)
        {
            int rows = targets[i].Matrix.Rows;
            float[] part = up.AsSpan(firstRow * (int)rank, rows * (int)rank).ToArray();
            firstRow += rows;
            if (entry.Sites[i] is LoraSite.Query or LoraSite.Key)
            {
                part = Reorder(part, (int)rank, model.Architecture, entry.Layer, file.NeighbourPairs);
            }

            pairs[targets[i].Site]?.Dispose();
            pairs[targets[i].Site] = new LoraPair(
                WeightMatrix.FromValues(down, (int)rank, inputs), WeightMatrix.FromValues(part, rows, (int)rank), (float)entry.Scale);
        }
    }

    private static Projection Target(LoraFile file, LoraEntry entry, LoraSite site, LoadedModel model)
    {
        LayerWeights layer = model.Weights.Layers[entry.Layer];
        Projection? target = site switch
        {
            LoraSite.Query => layer.Attention?.Query,
            LoraSite.Key => layer.Attention?.Key,
            LoraSite.Value => layer.Attention?.Value,
            LoraSite.Output => layer.Attention?.Output,
            LoraSite.Gate => layer.Dense?.Gate,
            LoraSite.Up => layer.Dense?.Up,
            _ => layer.Dense?.Down,
        };
        return target
            ?? throw Wrong(
                file, entry,
                "changes a dense feed-forward network; this layer of the model is a mixture of experts, which cannot be adapted");
    }

    private static float[] Values(LoraFile file, LoraEntry entry, ModelTensor tensor)
    {
        float[] values = tensor.DecodeAll();
        return Array.TrueForAll(values, float.IsFinite) ? values : throw Wrong(file, entry, "holds a value that is no finite number");
    }

    // Rows of a head are ordered (first half, second half) or as neighbours (0, half, 1, half + 1, ...); adapter and model may differ.
    private static float[] Reorder(float[] rows, int rank, ModelArchitecture model, int layer, bool neighbours)
    {
        var mixer = (AttentionMixer)model.Layers[layer].Mixer!;
        bool wanted = mixer.Rope is { Interleaved: true } && GgufFamilies.Find(model.ModelType) is { ReordersHeads: true };
        if (wanted == neighbours)
        {
            return rows;
        }

        float[] result = new float[rows.Length];
        int half = mixer.HeadDim / 2;
        for (int row = 0; row < rows.Length / rank; row++)
        {
            int within = row % mixer.HeadDim, head = row - within;
            int neighbour = head + (within < half ? 2 * within : (2 * (within - half)) + 1);
            (int from, int to) = wanted ? (row, neighbour) : (neighbour, row);
            rows.AsSpan(from * rank, rank).CopyTo(result.AsSpan(to * rank));
        }

        return result;
    }

    private static InferometerException Wrong(LoraFile file, LoraEntry entry, string problem) =>
        new($"{file.Path}: tensor '{entry.Module}' {problem}.");
}
