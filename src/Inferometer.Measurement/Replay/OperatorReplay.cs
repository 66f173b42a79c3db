using System.Globalization;
using Inferometer.Core;
using Inferometer.Core.Deployments;
using Inferometer.Core.Hardware;
using Inferometer.Core.Models;
using Inferometer.Measurement.Published;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Operators;
using Inferometer.Simulation.Requests;

namespace Inferometer.Measurement.Replay;

/// <summary>
/// Predicts times of kernels, operators and decoder steps: those of a known model as part of that model, bare shapes as part of a network
/// of
/// one layer that holds them. Not thread-safe.
/// </summary>
/// <param name="setup">What rows are replayed in.</param>
public sealed class OperatorReplay(ReplaySetup setup)
{
    private const double Microseconds = 1e6;

    // Tables repeat shapes with other numbers of tokens; more plans than this would only fill memory.
    private const int MostPlans = 2000;

    private readonly Dictionary<string, ICostPlan> _plans = new(StringComparer.Ordinal);
    private readonly List<OperatorRow> _rows = [];

    /// <summary>Name of the cost model.</summary>
    public string Name => setup.CostModel.Name;

    /// <summary>Predicts a row.</summary>
    /// <returns>Microseconds, and what they rest on.</returns>
    /// <exception cref="InferometerException">The row cannot be predicted.</exception>
    public (double Microseconds, string RestsOn) Predict(OperatorMeasurement row)
    {
        ArgumentNullException.ThrowIfNull(row);
        ICostPlan plan = row.Class switch
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
        _rows.Clear();
        (double times, IReadOnlyList<string> names) = OperatorNames.Of(row);
        PhaseTotals totals = OperatorSteps.Price(row, plan, _rows);
        double seconds = names.Count == 0 ? totals.LatencySeconds : Sum(row, names) * times;
        return (Microseconds * seconds, PlanBasis.Of(plan));
    }

    private static InferometerException NotAsked(OperatorMeasurement row) =>
        new($"operators of the kind '{row.Kind}' are not predicted");

    private double Sum(OperatorMeasurement row, IReadOnlyList<string> names)
    {
        double seconds = 0;
        int found = 0;
        foreach (OperatorRow each in _rows)
        {
            // Of one layer: the first of its kind.
            if (each.LayerClass <= 0 && names.Contains(each.Name, StringComparer.Ordinal))
            {
                seconds += each.Seconds;
                found++;
            }
        }

        return found > 0
            ? seconds
            : throw new InferometerException($"the cost model '{Name}' has no operator of the kind '{row.Kind}' in this model");
    }

    private ICostPlan OfModel(OperatorMeasurement row) => OfShape(row, $"m{row.Model}/{Tensor(row)}", () => Model(row), Tensor(row));

    private ICostPlan OfLayer(OperatorMeasurement row)
    {
        OperatorShape shape = row.Shape;
        bool gated = !row.Model.Contains("phi-2", StringComparison.OrdinalIgnoreCase);
        return OfShape(
            row, $"d{shape["hidden"]}/{shape["intermediate"]}/{gated}/{shape["heads"]}/{shape["kv_heads"]}/{Tensor(row)}",
            () => ShapeModel.Layer(
                shape.Whole("hidden"), shape.Whole("intermediate"), gated, shape.Whole("heads"), shape.Whole("kv_heads")),
            Tensor(row));
    }

    private ICostPlan OfExperts(OperatorMeasurement row)
    {
        OperatorShape shape = row.Shape;
        int expert = shape.Whole("moe_ep", 1), devices = expert * shape.Whole("moe_tp", 1);
        return OfShape(
            row, $"e{shape["hidden"]}/{shape["intermediate"]}/{shape["experts"]}/{shape["top_k"]}/{devices}/{expert}",
            () => ShapeModel.Experts(
                shape.Whole("hidden"), shape.Whole("intermediate"), shape.Whole("experts"), shape.Whole("top_k"), devices),
            devices, expert);
    }

    private ICostPlan OfAllReduce(OperatorMeasurement row)
    {
        int devices = row.Shape.Whole("devices", 2), width = OperatorSteps.StreamWidth(row);
        return OfShape(row, $"s{width}/{devices}", () => ShapeModel.Stream(width, devices), devices);
    }

    private ModelArchitecture Model(OperatorMeasurement row) =>
        setup.Names.Model(setup.Names.ModelOf(row.Model) is { Problem: null, Name: { } name }
            ? name
            : throw new InferometerException(setup.Names.ModelOf(row.Model).Problem!));

    private static int Tensor(OperatorMeasurement row) => row.Shape.Whole("tp", 1);

    private ICostPlan OfShape(OperatorMeasurement row, string shape, Func<ModelArchitecture> model, int tensor = 1, int expert = 1)
    {
        string key = string.Create(CultureInfo.InvariantCulture, $"{row.Device}|{row.DataType}|{row.KvDataType}|{shape}");
        if (_plans.TryGetValue(key, out ICostPlan? plan))
        {
            return plan;
        }

        if (_plans.Count == MostPlans)
        {
            _plans.Clear();
        }

        NameMatch system = setup.Names.SystemOf(row.Device);
        HardwareSystem machine = setup.Names.System(system.Name ?? throw new InferometerException(system.Problem!));
        plan = setup.CostModel.Prepare(new EstimateRequest
        {
            Architecture = model(),
            System = machine,
            Parallelism = new Parallelism(tensor, 1, expert),
            AllowUnevenHeads = true,
            Precisions = FormatsOf(row, machine),
            EmbeddingPrecision = Precision.Bf16,
        });
        _plans.Add(key, plan);
        return plan;
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
