using System.Runtime.InteropServices;
using Inferometer.Core.Deployments;
using Inferometer.Core.Weights;

namespace Inferometer.Core.Models;

/// <summary>
/// The bytes of a network's weights under a scheme: summed over its tensors, and for every distinct layer and kind of tensor the mean
/// bytes of an element, which is what operators are priced by. Immutable.
/// </summary>
public sealed class ResolvedWeights
{
    private static readonly int Kinds = Enum.GetValues<WeightKind>().Length;
    private readonly Dictionary<LayerArchitecture, int> _rows = [];
    private readonly Sum[] _sums;
    private readonly Precision _main;

    private ResolvedWeights(ModelArchitecture model, WeightScheme scheme, int expertSplit)
    {
        Scheme = scheme;
        _main = scheme.Main;
        int[] rowOfLayer = new int[model.LayerCount];
        for (int i = 0; i < rowOfLayer.Length; i++)
        {
            if (!_rows.TryGetValue(model.Layers[i], out rowOfLayer[i]))
            {
                _rows.Add(model.Layers[i], rowOfLayer[i] = _rows.Count + 1);
            }
        }

        _sums = new Sum[(_rows.Count + 1) * Kinds];
        Func<WeightTensor, StoredWeight> store = scheme.For(ModelTensors.Facts(model, expertSplit));
        SortedDictionary<(WeightPart Part, string Format), (double Elements, double Bytes)> parts = [];
        Dictionary<(Precision Format, bool QuantizesInputs), double> products = [];
        foreach (WeightTensor tensor in ModelTensors.Of(model))
        {
            StoredWeight stored = store(tensor);
            int row = tensor.Layer < 0 ? 0 : rowOfLayer[tensor.Layer];
            _sums[(row * Kinds) + (int)tensor.Kind].Add(tensor.Elements, stored);
            (WeightPart Part, string Format) key = (WeightParts.Of(tensor.Kind), stored.Format.Name);
            (double Elements, double Bytes) part = parts.GetValueOrDefault(key);
            parts[key] = (part.Elements + tensor.Elements, part.Bytes + stored.Bytes);
            DescribedBytes += stored.Bytes;
            if (tensor.Outputs > 1 && !WeightParts.IsSmall(tensor.Kind))
            {
                products[(stored.Format, stored.QuantizesInputs)] =
                    products.GetValueOrDefault((stored.Format, stored.QuantizesInputs)) + tensor.Elements;
            }
        }

        Products = [.. products.OrderByDescending(p => p.Value)
            .Select(p => new ResolvedWeight(p.Key.Format.BytesPerElement, p.Key.Format, p.Key.QuantizesInputs))];

        BytesBeside = scheme.BytesBeside(DescribedBytes);
        Parts =
        [
            .. parts.Where(p => p.Value.Bytes > 0)
                .Select(p => new PartWeights(p.Key.Part, p.Key.Format, p.Value.Elements, p.Value.Bytes)),
        ];
    }

    /// <summary>The scheme.</summary>
    public WeightScheme Scheme { get; }

    /// <summary>Bytes of the tensors of the described network.</summary>
    public double DescribedBytes { get; }

    /// <summary>Bytes of what a file holds beside it.</summary>
    public double BytesBeside { get; }

    /// <summary>All bytes.</summary>
    public double TotalBytes => DescribedBytes + BytesBeside;

    /// <summary>Elements and bytes by part and format.</summary>
    public IReadOnlyList<PartWeights> Parts { get; }

    /// <summary>The formats of the matrices, that of most elements first.</summary>
    public IReadOnlyList<ResolvedWeight> Products { get; }

    /// <summary>The format of most elements.</summary>
    public ResolvedWeight Dominant => Products.Count > 0 ? Products[0] : new(_main.BytesPerElement, _main, QuantizesInputs: false);

    /// <summary>Resolves a scheme for a network.</summary>
    /// <param name="model">The network.</param>
    /// <param name="scheme">The scheme.</param>
    /// <param name="expertSplit">Devices that share the inner width of an expert.</param>
    public static ResolvedWeights Of(ModelArchitecture model, WeightScheme scheme, int expertSplit = 1)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(scheme);
        ArgumentOutOfRangeException.ThrowIfLessThan(expertSplit, 1);
        return new ResolvedWeights(model, scheme, expertSplit);
    }

    /// <summary>The mean of a kind of tensor in the layers that are like one.</summary>
    /// <param name="layer">The layer; null = outside the layers.</param>
    /// <param name="kind">The kind.</param>
    public ResolvedWeight Of(LayerArchitecture? layer, WeightKind kind)
    {
        int row = layer is null ? 0 : _rows[layer];
        Sum sum = _sums[(row * Kinds) + (int)kind];
        if (sum.Elements == 0 && kind == WeightKind.Head)
        {
            sum = _sums[(int)WeightKind.TokenTable];
        }

        return sum.Elements == 0
            ? new ResolvedWeight(_main.BytesPerElement, _main, QuantizesInputs: false)
            : new ResolvedWeight(sum.Bytes / sum.Elements, sum.Format!, sum.QuantizesInputs);
    }

    [StructLayout(LayoutKind.Auto)]
    private struct Sum
    {
        public double Elements;
        public double Bytes;
        public Precision? Format;
        public bool QuantizesInputs;
        private double _largest;

        // The arithmetic is that of the format with most bytes.
        public void Add(double elements, in StoredWeight stored)
        {
            Elements += elements;
            Bytes += stored.Bytes;
            if (stored.Bytes >= _largest)
            {
                (_largest, Format, QuantizesInputs) = (stored.Bytes, stored.Format, stored.QuantizesInputs);
            }
        }
    }
}
