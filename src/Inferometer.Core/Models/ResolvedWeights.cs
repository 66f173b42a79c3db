using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
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

    // A search over deployments asks thousands of times for the same few; they go when their model does.
    private static readonly ConditionalWeakTable<ModelArchitecture, ConcurrentDictionary<(WeightScheme Scheme, int Split), ResolvedWeights>>
        Known = [];

    private readonly Dictionary<LayerArchitecture, int> _rows = [];
    private readonly Sum[] _sums;
    private readonly Precision _main;

    private ResolvedWeights(ModelArchitecture model, WeightScheme scheme, int expertSplit)
    {
        Scheme = scheme;
        _main = scheme.Main;
        List<WeightTensor[]> tensors = [[.. ModelTensors.Outside(model)]];
        int[] rowOfLayer = new int[model.LayerCount];
        for (int i = 0; i < rowOfLayer.Length; i++)
        {
            if (!_rows.TryGetValue(model.Layers[i], out rowOfLayer[i]))
            {
                _rows.Add(model.Layers[i], rowOfLayer[i] = _rows.Count + 1);
                tensors.Add([.. ModelTensors.OfLayer(model, model.Layers[i], i)]);
            }
        }

        _sums = new Sum[(_rows.Count + 1) * Kinds];
        Func<WeightTensor, StoredWeight> store = scheme.For(ModelTensors.Facts(model, expertSplit));
        Totals totals = new();
        for (int layer = -1; layer < rowOfLayer.Length; layer++)
        {
            int row = layer < 0 ? 0 : rowOfLayer[layer];
            foreach (WeightTensor tensor in tensors[row])
            {
                // Layers that are alike have the same tensors, but a mix may store them differently.
                StoredWeight stored = store(tensor with { Layer = layer });
                _sums[(row * Kinds) + (int)tensor.Kind].Add(tensor.Elements, stored);
                totals.Add(tensor, stored);
            }
        }

        DescribedBytes = totals.Bytes;
        BytesBeside = scheme.BytesBeside(DescribedBytes);
        Parts = totals.Parts();
        Products = totals.Products();
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
        return Known.GetOrCreateValue(model).GetOrAdd(
            (scheme, expertSplit), static (key, of) => new ResolvedWeights(of, key.Scheme, key.Split), model);
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

    /// <summary>Sums by part and format, and by product; a model has few of either, so that they are looked through.</summary>
    private sealed class Totals
    {
        private readonly List<PartWeights> _parts = [];
        private readonly List<(ResolvedWeight Stored, double Elements)> _products = [];

        public double Bytes { get; private set; }

        public void Add(in WeightTensor tensor, in StoredWeight stored)
        {
            Bytes += stored.Bytes;
            WeightPart part = WeightParts.Of(tensor.Kind);
            string format = stored.Format.Name;
            int at = _parts.FindIndex(p => p.Part == part && string.Equals(p.Format, format, StringComparison.Ordinal));
            if (at < 0)
            {
                at = _parts.Count;
                _parts.Add(new PartWeights(part, format, 0, 0));
            }

            _parts[at] = _parts[at] with { Elements = _parts[at].Elements + tensor.Elements, Bytes = _parts[at].Bytes + stored.Bytes };
            if (tensor.Outputs > 1 && !WeightParts.IsSmall(tensor.Kind))
            {
                ResolvedWeight product = new(stored.Format.BytesPerElement, stored.Format, stored.QuantizesInputs);
                int known = _products.FindIndex(p => p.Stored == product);
                if (known < 0)
                {
                    _products.Add((product, tensor.Elements));
                }
                else
                {
                    _products[known] = (product, _products[known].Elements + tensor.Elements);
                }
            }
        }

        public IReadOnlyList<PartWeights> Parts() =>
            [.. _parts.Where(p => p.Bytes > 0).OrderBy(p => p.Part).ThenBy(p => p.Format, StringComparer.Ordinal)];

        public IReadOnlyList<ResolvedWeight> Products() => [.. _products.OrderByDescending(p => p.Elements).Select(p => p.Stored)];
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
