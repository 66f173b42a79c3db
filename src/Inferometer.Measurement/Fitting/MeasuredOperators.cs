using Inferometer.Core;
using Inferometer.Core.Catalog;
using Inferometer.Core.Frameworks;
using Inferometer.Measurement.Published;
using Inferometer.Measurement.Replay;
using Inferometer.Simulation.Fitting;
using Inferometer.Simulation.Requests;

namespace Inferometer.Measurement.Fitting;

/// <summary>Turns rows of tables of operators into timings that a calibration can be fitted to.</summary>
public static class MeasuredOperators
{
    // Rows of a kind of a model beyond these say little more: sizes repeat, and a fit takes its time.
    private const int MostOfKind = 400;

    /// <summary>
    /// The rows of operators; not those of whole steps, which a calibration by operators is judged by, nor of probes. Of more than
    /// 400 rows of a kind of a model and format on a machine, as many, spread evenly over the table.
    /// </summary>
    /// <param name="table">A table of operators.</param>
    /// <param name="setup">What its names stand for.</param>
    /// <param name="system">Catalog name of the machine whose rows are taken; null = all.</param>
    /// <param name="framework">
    /// Framework whose kernels they are; null = as each row says, and where it does not, the one whose coefficients an estimate takes where
    /// it names none. Where rows name frameworks, those of others are left out.
    /// </param>
    /// <param name="leftOut">Told the id of each row that was left out, and why; null = nobody.</param>
    public static IReadOnlyList<TimedOperator> Of(
        PublishedTable table, ReplaySetup setup, string? system = null, string? framework = null,
        Action<string, string>? leftOut = null)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(setup);
        FrameworkProfile? profile = framework is null ? null : FrameworkCatalog.Find(framework, "--framework");
        OperatorRequests requests = new(setup, profile);
        List<TimedOperator> timings = [];
        foreach (IGrouping<string, OperatorMeasurement> kind in table.Operators
            .Where(row => Chosen(row, setup, system, profile)).GroupBy(GroupOf, StringComparer.Ordinal))
        {
            OperatorMeasurement[] rows = [.. kind];
            int count = Math.Min(rows.Length, MostOfKind);
            for (int i = 0; i < count; i++)
            {
                Add(rows[(int)((long)i * rows.Length / count)]);
            }
        }

        return timings;

        void Add(OperatorMeasurement row)
        {
            if (row.Class is OperatorClass.PrefillStep or OperatorClass.DecodeStep or OperatorClass.Probe)
            {
                leftOut?.Invoke(row.Id, "a whole step or a probe, no operator");
                return;
            }

            try
            {
                EstimateRequest request = requests.Of(row);
                timings.Add(new TimedOperator
                {
                    Id = FormattableString.Invariant($"{row.Table}, line {row.Line}"),
                    Kind = KindOf(row),
                    Request = request,
                    Step = OperatorSteps.Of(row),
                    Operators = [.. OperatorNames.Of(row).Names],
                    Seconds = row.Microseconds / 1e6,
                    IsOfModel = OperatorRequests.IsOfModel(row),
                });
            }
            catch (InferometerException error)
            {
                leftOut?.Invoke(row.Id, error.Message);
            }
        }
    }

    private static bool Chosen(OperatorMeasurement row, ReplaySetup setup, string? system, FrameworkProfile? framework) =>
        (system is null || string.Equals(setup.Names.SystemOf(row.Device).Name, system, StringComparison.Ordinal))
        && (framework is null || row.Framework.Length == 0
            || framework.Aliases.Prepend(framework.Name).Contains(row.Framework, StringComparer.OrdinalIgnoreCase));

    private static string GroupOf(OperatorMeasurement row) => string.Join(
        '|', row.Device, row.Framework, row.Model, row.Shape["tp"], row.DataType, row.KvDataType, row.Kind, KindOf(row));

    // Attention of decoding alone, of prompts alone and of both is of different kernels.
    private static string KindOf(OperatorMeasurement row) => row.Class switch
    {
        OperatorClass.MixedAttention when row.Shape.Whole("prefill_chunk") == 0 => "decode attention",
        OperatorClass.MixedAttention when row.Shape.Whole("n_decode") == 0 => "prefill attention",
        OperatorClass.MixedAttention => "attention of both",
        OperatorClass.MatrixProduct when row.Kind is "lm_head" => "LM head",
        _ => OperatorNames.KindOf(row.Class),
    };
}
