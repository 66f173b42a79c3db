using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Inferometer.Core;
using Inferometer.Core.Models;
using Inferometer.Cpu.Kernels.Matrices;
using Inferometer.Cpu.Threading;
using Inferometer.ModelFiles.Formats;
using Inferometer.ModelFiles.TensorNames;

namespace Inferometer.Cpu.Weights;

/// <summary>
/// Takes tensors out of a file by their role, with the shape the architecture asks for, and makes vectors and matrices of them.
/// </summary>
internal sealed unsafe class TensorLoader
{
    private static readonly GgufNames s_commonNames = new();
    private static readonly WeightPackingOptions s_asStored = new() { QuantizeActivations = false };

    private readonly ITensorSource _source;
    private readonly IWeightNames _names;
    private readonly WorkerPool _pool;
    private readonly LoadOptions _options;
    private readonly LoadMonitor _monitor;
    private readonly FiniteCheck _finite;
    private readonly NormKind _norm;
    private readonly RepackedWeights _repacked;

    public TensorLoader(
        ITensorSource source, IWeightNames names, WorkerPool pool, LoadOptions options, LoadMonitor monitor, RepackedWeights repacked,
            NormKind norm)
    {
        _source = source;
        _names = names;
        _pool = pool;
        _options = options;
        _monitor = monitor;
        _finite = new FiniteCheck(pool);
        _repacked = repacked;
        _norm = norm;
    }

    /// <summary>Whether matrices are only to be found and checked, and none of their bytes will be read.</summary>
    public bool OnlyChecks { get; init; }

    /// <summary>Whether the file holds a weight for the role.</summary>
    public bool Has(WeightRole role, int layer = 0) => TryFind(_names.Stem(role, layer), ".weight", out _);

    private bool StoresOffsets => _norm is NormKind.RmsNormPlusOne or NormKind.LayerNormPlusOne;

    /// <summary>A norm between blocks, of the network's kind.</summary>
    public NormWeights Norm(WeightRole role, int layer, int length) => _norm switch
    {
        NormKind.RmsNorm or NormKind.RmsNormPlusOne => new NormWeights(Factors(Find(role, layer), length)),
        NormKind.NonParametric => new NormWeights(Ones(length), null, CentresRows: true),
        _ => new NormWeights(
            Factors(Find(role, layer), length),
            Bias(role, layer, 0, length, length, required: _norm != NormKind.LayerNormNoBias),
            CentresRows: true),
    };

    /// <summary>A root-mean-square norm that a network has whatever the kind of its others.</summary>
    public NormWeights RmsNorm(WeightRole role, int layer, int length) => new(Factors(Find(role, layer), length));

    /// <summary>Decay rates: files of checkpoints hold their logarithms, GGUF files the rates with a minus.</summary>
    public float[] Rates(int layer, int length)
    {
        float[] values = Vector(WeightRole.StateRates, layer, length);
        return [.. values.Select(value => _names is GgufNames ? -value : MathF.Exp(value))];
    }

    /// <summary>A norm on query or key heads, or null where there is none.</summary>
    public HeadNorm? HeadNorm(WeightRole role, int layer, QkNormKind kind, int heads, int headDim) => kind switch
    {
        QkNormKind.None => null,
        QkNormKind.NonParametric => new HeadNorm(kind, Ones(headDim)),
        QkNormKind.PerHead => new HeadNorm(kind, Factors(Find(role, layer), headDim)),
        QkNormKind.PerHeadLayerNorm => new HeadNorm(
            kind, Factors(Find(role, layer), headDim), Bias(role, layer, 0, headDim, headDim, required: true)),
        QkNormKind.EachHead when !Has(role, layer) => new HeadNorm(kind, NormsOfHeads(role, layer, heads, headDim)),
        _ => new HeadNorm(kind, Factors(Find(role, layer), heads * headDim)),
    };

    /// <summary>The bias of what a role names.</summary>
    public float[] BiasOf(WeightRole role, int layer, int length) => Bias(role, layer, 0, length, length, required: true)!;

    /// <summary>A vector that is there, under the role's name with or without an ending.</summary>
    public float[] Vector(WeightRole role, int layer, int length) =>
        OptionalVector(role, layer, length) ?? throw Missing(role, layer);

    /// <summary>A vector under the role's name with or without an ending, or null.</summary>
    public float[]? OptionalVector(WeightRole role, int layer, int length)
    {
        string? stem = _names.Stem(role, layer);
        return TryFind(stem, ".weight", out ModelTensor? tensor) || TryFind(stem, ".bias", out tensor) || TryFind(stem, "", out tensor)
            ? Vector(tensor, length)
            : null;
    }

    /// <summary>A linear layer, with its bias where the file has one.</summary>
    /// <exception cref="InferometerException">The weight is missing, or the bias is although <paramref name="needsBias"/>, or a shape is
    /// wrong.</exception>
    public Projection Projection(WeightRole role, int layer, int rows, int columns, int site = -1, bool needsBias = false)
    {
        ModelTensor tensor = Find(role, layer);
        RequireShape(tensor, rows, columns);
        return new Projection(Matrix(tensor, 0, rows), Bias(role, layer, 0, rows, rows, needsBias),
            site)
        { Name = CommonName(role, layer) };
    }

    /// <summary>
    /// A matrix of which rows are looked up and which is never multiplied with: it stays as it is in the file, and in memory are only the
    /// rows in use.
    /// </summary>
    public WeightMatrix Table(WeightRole role, int rows, int columns)
    {
        ModelTensor tensor = Find(role, 0);
        RequireShape(tensor, rows, columns);
        Take(tensor);
        tensor.ReleaseRows(0, rows);
        return Create(tensor, 0, rows, s_asStored);
    }

    /// <summary>Some rows of a tensor that holds several linear layers one above the other.</summary>
    public Projection Part(WeightRole role, int layer, int firstRow, int rows, int totalRows, int columns, int site)
    {
        ModelTensor tensor = Find(role, layer);
        RequireShape(tensor, totalRows, columns);
        return new Projection(Matrix(tensor, firstRow, rows), Bias(role, layer, firstRow, rows, totalRows, required: false), site)
        {
            Name = CommonName(role, layer),
        };
    }

    /// <summary>Some rows of a tensor as floats in memory, turned where their columns are to be rows.</summary>
    public WeightMatrix Decoded(WeightRole role, int layer, int totalRows, int columns, int firstRow, int rows, bool turned)
    {
        ModelTensor tensor = Find(role, layer);
        RequireShape(tensor, totalRows, columns);
        if (OnlyChecks)
        {
            return WeightMatrix.FromValues(new float[columns], turned ? columns : 1, turned ? 1 : columns);
        }

        Take(tensor);
        float[] row = new float[columns], values = new float[rows * columns];
        for (int i = 0; i < rows; i++)
        {
            tensor.DecodeRow(firstRow + i, row);
            for (int j = 0; j < columns; j++)
            {
                values[turned ? (j * rows) + i : (i * columns) + j] = row[j];
            }
        }

        return turned ? WeightMatrix.FromValues(values, columns, rows) : WeightMatrix.FromValues(values, rows, columns);
    }

    /// <summary>One expert's matrix: a slice of the stacked tensor where the file has that, otherwise a tensor of its own.</summary>
    public Projection Expert(WeightRole role, int layer, int expert, int experts, int rows, int columns, bool needsBias) =>
        new(ExpertMatrix(role, layer, expert, experts, rows, columns),
            needsBias ? Bias(role, layer, expert * rows, rows, experts * rows, required: true) : null)
        {
            Name = CommonName(role, layer),
            Expert = expert,
            Experts = experts,
        };

    private float[] Factors(ModelTensor tensor, int length)
    {
        float[] weight = Vector(tensor, length);
        for (int i = 0; StoresOffsets && i < weight.Length; i++)
        {
            weight[i] += 1;
        }

        return weight;
    }

    // StableLM 2 keeps the norm of every head as a tensor of its own.
    private float[] NormsOfHeads(WeightRole role, int layer, int heads, int headDim)
    {
        string stem = _names.Stem(role, layer) ?? throw Missing(role, layer);
        return [.. Enumerable.Range(0, heads).SelectMany(head =>
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"{stem}.norms.{head}.weight");
            return Factors(_source.TryGetTensor(name, out ModelTensor? tensor) ? tensor : throw Missing(name), headDim);
        })];
    }

    private static float[] Ones(int length)
    {
        float[] ones = new float[length];
        Array.Fill(ones, 1);
        return ones;
    }

    private WeightMatrix ExpertMatrix(WeightRole role, int layer, int expert, int experts, int rows, int columns)
    {
        if (TryFind(_names.Stem(role, layer), ".weight", out ModelTensor? stacked))
        {
            // Files leave out the extent of a single expert.
            if (stacked.Shape.Count == 3 ? stacked.Shape[0] != experts : experts != 1 || stacked.Shape.Count != 2)
            {
                throw WrongShape(stacked, $"[{experts}, {rows}, {columns}]");
            }

            RequireShape(stacked, (long)experts * rows, columns);
            return Matrix(stacked, (long)expert * rows, rows);
        }

        string stem = _names.ExpertStem(role, layer, expert) ?? throw Missing(role, layer);
        ModelTensor tensor = TryFind(stem, ".weight", out ModelTensor? own) ? own : throw Missing(stem + ".weight");
        RequireShape(tensor, rows, columns);
        return Matrix(tensor, 0, rows);
    }

    /// <summary>The values of a vector whose length the file decides, or null.</summary>
    public float[]? OptionalVector(WeightRole role) =>
        TryFind(_names.Stem(role), ".weight", out ModelTensor? tensor)
            ? Vector(tensor, (int)Math.Min(tensor.ElementCount, int.MaxValue))
            : null;

    private float[]? Bias(WeightRole role, int layer, int first, int length, int total, bool required)
    {
        if (TryFind(_names.Stem(role, layer), ".bias", out ModelTensor? tensor))
        {
            return Vector(tensor, total).AsSpan(first, length).ToArray();
        }

        return required ? throw Missing(_names.Stem(role, layer) + ".bias") : null;
    }

    private float[] Vector(ModelTensor tensor, int length)
    {
        if (tensor.ElementCount != length)
        {
            throw WrongShape(tensor, $"[{length}]");
        }

        Take(tensor);
        return tensor.DecodeAll();
    }

    private WeightMatrix Matrix(ModelTensor tensor, long firstRow, int rows)
    {
        if (_repacked.Find(tensor, firstRow, rows) is { } kept)
        {
            _monitor.Take(tensor);
            return kept;
        }

        double place = _monitor.Fraction;
        Take(tensor);

        // One after the other also then: neighbours in the file are repacked in the same step, and their pages given back.
        RepackingDelay? delay = _options.RepackingSteps > 0 && tensor.OutlivesRelease && !_repacked.IsWriting
            ? new RepackingDelay(1 + (int)(place * _options.RepackingSteps), (first, count) => tensor.ReleaseRows(firstRow + first, count))
            : null;
        WeightMatrix matrix = Create(tensor, firstRow, rows, _options.Packing, delay);
        if (matrix.Repacked is not null)
        {
            _repacked.Keep(tensor, firstRow, matrix);

            // One tensor after the other, so that the file's pages and their repacked copy are never both in memory for more than one of
            // them.
            tensor.ReleaseRows(firstRow, rows);
        }

        return matrix;
    }

    private WeightMatrix Create(
        ModelTensor tensor, long firstRow, int rows, WeightPackingOptions packing, RepackingDelay? delay = null)
    {
        long rowBytes = tensor.RowByteCount;
        byte* data = OnlyChecks ? tensor.Place : tensor.Data;
        try
        {
            return WeightMatrix
                .CreateIn(
                    _repacked.Memory, tensor.Type, rows, (int)tensor.Columns, data + (firstRow * rowBytes), rows * rowBytes, _pool,
                    packing, delay);
        }
        catch (NotSupportedException error)
        {
            throw new InferometerException($"{tensor.Source}: tensor '{tensor.Name}': {error.Message}", error);
        }
    }

    private void Take(ModelTensor tensor)
    {
        // What is kept in a file was checked, whoever reads it later.
        if (_monitor.Take(tensor) && (_options.CheckWeights || _repacked.IsWriting))
        {
            _finite.Require(tensor);
        }
    }

    private static string? CommonName(WeightRole role, int layer) =>
        s_commonNames.Stem(role, layer) is { } stem ? stem + ".weight" : null;

    private ModelTensor Find(WeightRole role, int layer) =>
        TryFind(_names.Stem(role, layer), ".weight", out ModelTensor? tensor) ? tensor : throw Missing(role, layer);

    private bool TryFind(string? stem, string ending, [NotNullWhen(true)] out ModelTensor? tensor)
    {
        tensor = null;
        return stem is not null && _source.TryGetTensor(stem + ending, out tensor);
    }

    private static void RequireShape(ModelTensor tensor, long rows, long columns)
    {
        // A matrix of one row may be stored as a vector.
        if (tensor.Rows != rows || tensor.Columns != columns)
        {
            throw WrongShape(tensor, $"[{rows}, {columns}]");
        }
    }

    private static InferometerException WrongShape(ModelTensor tensor, string expected) =>
        new($"{tensor.Source}: tensor '{tensor.Name}' is [{string.Join(", ", tensor.Shape)}]; the architecture asks for {expected}.");

    private InferometerException Missing(WeightRole role, int layer) =>
        Missing(_names.Stem(role, layer) is string stem ? stem + ".weight" : $"for {role} of layer {layer}");

    private InferometerException Missing(string name) => new($"{_source.Path}: the tensor '{name}' is missing.");
}
