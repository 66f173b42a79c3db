using System.Globalization;
using Inferometer.Core;
using Inferometer.Core.Catalog;
using Inferometer.Core.Deployments;
using Inferometer.Core.Frameworks;
using Inferometer.Core.Hardware;
using Inferometer.Core.Models;
using Inferometer.Measurement.Published;
using Inferometer.Simulation.Requests;

namespace Inferometer.Measurement.Replay;

/// <summary>
/// Deployments that hold what tables of operators time: those of a known model are of that model, bare shapes of a network of one layer.
/// Rows of one deployment get the same object. Not thread-safe.
/// </summary>
/// <param name="setup">What the names of the tables stand for.</param>
/// <param name="framework">Framework of all rows; null = as each row says, and where it does not, none.</param>
internal sealed class OperatorRequests(ReplaySetup setup, FrameworkProfile? framework = null)
{
    // Tables repeat shapes with other numbers of tokens; more than these would only fill memory.
    private const int MostRequests = 20_000;

    private readonly Dictionary<string, EstimateRequest> _requests = new(StringComparer.Ordinal);

    /// <summary>The deployment of a row is that of a whole model.</summary>
    public static bool IsOfModel(OperatorMeasurement row) => row.Model.Length > 0 && row.Shape["hidden"] is null
        && (row.Class is OperatorClass.PrefillStep or OperatorClass.DecodeStep || OperatorNames.IsPartOfModel(row.Kind));

    /// <summary>The deployment.</summary>
    /// <exception cref="InferometerException">A name of the row stands for nothing here, or nobody predicts such operators.</exception>
    public EstimateRequest Of(OperatorMeasurement row)
    {
        if (_requests.Count >= MostRequests)
        {
            _requests.Clear();
        }

        return row.Class switch
        {
            OperatorClass.PrefillStep or OperatorClass.DecodeStep => OfModel(row),
            _ when row.Model.Length > 0 && row.Shape["hidden"] is not null && OperatorNames.IsPartOfModel(row.Kind) => OfLayer(row),
            _ when row.Model.Length > 0 && OperatorNames.IsPartOfModel(row.Kind) => OfModel(row),
            _ when row.Model.Length > 0 && OperatorNames.ProductOf(row.Kind, Model(row), Tensor(row)) is { } product =>
                OfShape(row, $"p{product.Outputs}x{product.Inputs}", () => ShapeModel.Product(product.Outputs, product.Inputs)),
            OperatorClass.MatrixProduct when row.Shape["n"] is not null => OfShape(
                row, $"p{row.Shape["n"]}x{row.Shape["k"]}", () => ShapeModel.Product(row.Shape.Whole("n"), row.Shape.Whole("k"))),
            OperatorClass.PrefillAttention or OperatorClass.DecodeAttention => OfShape(
                row, $"a{row.Shape["heads"]}/{row.Shape["kv_heads"]}/{row.Shape["head_dim"]}/{row.Shape["window"]}",
                () => ShapeModel.Attention(
                    row.Shape.Whole("heads"), row.Shape.Whole("kv_heads"), row.Shape.Whole("head_dim"), row.Shape.Whole("window"))),
            OperatorClass.LatentPrefillAttention or OperatorClass.LatentDecodeAttention => OfShape(
                row, $"l{row.Shape["heads"]}/{row.Shape["kv_rank"]}/{row.Shape["nope_dim"]}/{row.Shape["rope_dim"]}",
                () => ShapeModel.Latent(
                    row.Shape.Whole("heads"), (int?)row.Shape["kv_rank"], (int?)row.Shape["nope_dim"], (int?)row.Shape["rope_dim"])),
            OperatorClass.Experts when row.Shape["experts"] is not null => OfExperts(row),
            OperatorClass.AllReduce => OfAllReduce(row),
            _ => throw NotAsked(row),
        };
    }

    private static InferometerException NotAsked(OperatorMeasurement row) =>
        new($"operators of the kind '{row.Kind}' are not predicted");

    // Of bare kernels nobody serves with there is none.
    private static FrameworkProfile? KnownFramework(OperatorMeasurement row) => FrameworkCatalog.All.FirstOrDefault(
        f => f.Aliases.Prepend(f.Name).Contains(row.Framework, StringComparer.OrdinalIgnoreCase));

    private EstimateRequest OfModel(OperatorMeasurement row) => OfShape(row, $"m{row.Model}/{Tensor(row)}", () => Model(row), Tensor(row));

    private EstimateRequest OfLayer(OperatorMeasurement row)
    {
        OperatorShape shape = row.Shape;
        bool gated = !row.Model.Contains("phi-2", StringComparison.OrdinalIgnoreCase);
        return OfShape(
            row, $"d{shape["hidden"]}/{shape["intermediate"]}/{gated}/{shape["heads"]}/{shape["kv_heads"]}/{Tensor(row)}",
            () => ShapeModel.Layer(
                shape.Whole("hidden"), shape.Whole("intermediate"), gated, shape.Whole("heads"), shape.Whole("kv_heads")),
            Tensor(row));
    }

    private EstimateRequest OfExperts(OperatorMeasurement row)
    {
        OperatorShape shape = row.Shape;
        int expert = shape.Whole("moe_ep", 1), devices = expert * shape.Whole("moe_tp", 1);
        return OfShape(
            row, $"e{shape["hidden"]}/{shape["intermediate"]}/{shape["experts"]}/{shape["top_k"]}/{devices}/{expert}",
            () => ShapeModel.Experts(
                shape.Whole("hidden"), shape.Whole("intermediate"), shape.Whole("experts"), shape.Whole("top_k"), devices),
            devices, expert);
    }

    private EstimateRequest OfAllReduce(OperatorMeasurement row)
    {
        int devices = row.Shape.Whole("devices", 2), width = OperatorSteps.StreamWidth(row);
        return OfShape(row, $"s{width}/{devices}", () => ShapeModel.Stream(width, devices), devices);
    }

    private ModelArchitecture Model(OperatorMeasurement row) =>
        setup.Names.Model(setup.Names.ModelOf(row.Model) is { Problem: null, Name: { } name }
            ? name
            : throw new InferometerException(setup.Names.ModelOf(row.Model).Problem!));

    private static int Tensor(OperatorMeasurement row) => row.Shape.Whole("tp", 1);

    private EstimateRequest OfShape(OperatorMeasurement row, string shape, Func<ModelArchitecture> model, int tensor = 1, int expert = 1)
    {
        FrameworkProfile? known = framework ?? KnownFramework(row);
        string key = string.Create(
            CultureInfo.InvariantCulture, $"{row.Device}|{row.DataType}|{row.KvDataType}|{known?.Name}|{shape}");
        if (_requests.TryGetValue(key, out EstimateRequest? request))
        {
            return request;
        }

        NameMatch system = setup.Names.SystemOf(row.Device);
        HardwareSystem machine = setup.Names.System(system.Name ?? throw new InferometerException(system.Problem!));
        request = new EstimateRequest
        {
            Architecture = model(),
            System = machine,
            Parallelism = new Parallelism(tensor, 1, expert),
            AllowUnevenHeads = true,
            Precisions = FormatsOf(row, machine),
            EmbeddingPrecision = Precision.Bf16,
            Framework = known,
        };
        _requests.Add(key, request);
        return request;
    }

    // Weight-only formats multiply in bf16; 8-bit ones, and fp4 where the device has it, in their own.
    private PrecisionSet FormatsOf(OperatorMeasurement row, HardwareSystem machine)
    {
        Precision weights = Format(row.DataType);
        bool own = weights.Math is MathFormat.Fp8
            || (weights.Math is MathFormat.Fp4 && machine.Device.PeakOperationsPerSecond.ContainsKey(MathFormat.Fp4)
                && !row.DataType.Contains("a16", StringComparison.Ordinal));
        return new PrecisionSet
        {
            Weights = weights,
            Activations = own || weights.BitsPerElement >= 16 ? weights : Precision.Bf16,
            KvCache = row.KvDataType.Length > 0 ? Format(row.KvDataType) : Precision.Bf16,
        };
    }

    private Precision Format(string name)
    {
        if (name.Length == 0)
        {
            return Precision.Bf16;
        }

        NameMatch match = setup.Names.FormatOf(name);
        return Precision.Parse(match.Name ?? throw new InferometerException(match.Problem!), "dtype");
    }
}
