using System.Globalization;
using Inferometer.Core;
using Inferometer.Simulation.Calibration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Operators;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Fitting;

/// <summary>
/// Fits what the kernels of one framework reach on one device to operators that were timed there: a layer of the device, one of each format
/// where there are several, and one of each model whose operators were timed. What a service takes beside operators stays as it is.
/// Deterministic.
/// </summary>
/// <remarks>
/// A residual is the logarithm of predicted over measured. Its square counts as much as the operator takes of the time of such a step
/// (bare shapes: of a step that has each of the table's once, with so many tokens), and those of one kind of a deployment count for forty
/// rows at most, so that thousands of rows of attention do not drown a dozen of the LM head.
/// </remarks>
public static class OperatorFitter
{
    private const double Noise = 0.1;
    private const double RowsOfKind = 40;
    private const double OfModelSpread = 0.1;
    private const double MostRatio = 20;

    // What takes less of a step may be part of another kernel somewhere: then its time says nothing of units.
    private const double LeastShare = 0.1;
    private const int Iterations = 25;

    private static readonly Coefficient[] OfDevice =
    [
        Coefficient.Matrix16, Coefficient.Matrix8, Coefficient.Matrix4, Coefficient.MatrixRows, Coefficient.Unpacking,
        Coefficient.UnpackingOperations, Coefficient.ExpertMatrix, Coefficient.AttentionMatrix, Coefficient.AttentionTile,
        Coefficient.AttentionBeside, Coefficient.MatrixMemory, Coefficient.ExpertMemory, Coefficient.AttentionMemory,
        Coefficient.VectorMemory,
        Coefficient.VectorArithmetic, Coefficient.Launch, Coefficient.AttentionExtra, Coefficient.AttentionSerial,
        Coefficient.ExpertExtra, Coefficient.Link, Coefficient.LinkLatency,
    ];

    private static readonly Coefficient[] OfFormat =
        [Coefficient.MatrixRows, Coefficient.MatrixMemory, Coefficient.Launch, Coefficient.ExpertMemory];

    // One network in one format cannot tell coefficients of a kind apart.
    private static readonly Coefficient[][] OfModel =
    [
        [Coefficient.MatrixMemory], [Coefficient.Matrix16, Coefficient.Matrix8, Coefficient.Matrix4], [Coefficient.ExpertMatrix],
        [Coefficient.ExpertMemory], [Coefficient.AttentionMatrix], [Coefficient.AttentionMemory], [Coefficient.VectorMemory],
        [Coefficient.Launch],
    ];

    // Where tiles are of some size: no slope leads there from where they are believed to be nothing.
    private static readonly Dictionary<Coefficient, double> Far = new()
    {
        [Coefficient.MatrixRows] = 32,
        [Coefficient.AttentionTile] = 64,
        [Coefficient.AttentionBeside] = 64,
        [Coefficient.AttentionSerial] = 100,
    };

    /// <summary>Fits each framework on each device.</summary>
    /// <param name="name">Name of the calibration.</param>
    /// <param name="below">Calibration it stands on.</param>
    /// <param name="timings">What was timed, with frameworks named, at least one.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Layers alone, without those below.</returns>
    /// <exception cref="InferometerException">There is none, or times of a kind cannot be of such operators; the message names one.
    /// </exception>
    public static OperatorFit Fit(
        string name, CalibrationSet below, IReadOnlyList<TimedOperator> timings, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(below);
        ArgumentNullException.ThrowIfNull(timings);
        if (timings.Count == 0)
        {
            throw new InferometerException("calibrate: there is no timing of an operator to calibrate to.");
        }

        Case[] cases = Prepared(below, timings);
        List<CalibrationLayer> layers = [];
        foreach (IGrouping<(string Framework, string Device), Case> machine in cases
            .GroupBy(c => (c.Subject.Framework.Name, c.Subject.Device))
            .OrderBy(g => g.Key.Item1, StringComparer.Ordinal).ThenBy(g => g.Key.Item2, StringComparer.Ordinal))
        {
            layers.AddRange(Machine(below, [.. machine.Where(c => c.Weight > 0)], cancellationToken));
        }

        CalibrationSet own = new() { Name = name, Layers = [.. layers] };
        double[] after = Predicted(below.With(own).CoefficientsOf, cases);
        return new OperatorFit(
            own, [.. cases.Select((c, i) => new CalibratedOperator(c.Timing, c.BeforeSeconds, after[i], c.Weight > 0))]);
    }

    private static IEnumerable<CalibrationLayer> Machine(CalibrationSet below, Case[] cases, CancellationToken cancellationToken)
    {
        if (cases.Length == 0)
        {
            return [];
        }

        CalibrationSubject any = cases[0].Subject;
        CalibrationLayer device = new() { Framework = any.Framework.Name, Device = any.Device, Timings = cases.Length };
        CalibrationLayer[] formats =
        [
            .. cases.GroupBy(c => c.Subject.Format, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal)
                .Select(g => device with { Format = g.Key, Timings = g.Count() }),
        ];
        CalibrationLayer[] models =
        [
            .. cases.Where(c => c.Timing.IsOfModel).GroupBy(c => (c.Subject.Shape, c.Subject.Format))
                .OrderBy(g => g.Key.Shape, StringComparer.Ordinal).ThenBy(g => g.Key.Format, StringComparer.Ordinal)
                .Select(g => device with
                {
                    Shape = g.Key.Shape,
                    Format = g.Key.Format,
                    Model = g.First().Timing.Request.Architecture.Name,
                    Timings = g.Count(),
                }),
        ];
        FitLayout layout = new(
        [
            .. OfDevice.Select(c => new FitParameter([c], device, (Far.ContainsKey(c) ? 1 : 3) * CoefficientTable.Of(c).Spread)),
            .. formats.Length < 2 ? [] : formats.SelectMany(
                f => OfFormat.Select(c => new FitParameter([c], f, CoefficientTable.Of(c).Spread))),
            .. models.SelectMany(m => OfModel.Select(set => new FitParameter([.. set], m, OfModelSpread))),
        ], below.CoefficientsOf);
        double[] spread = [.. layout.Parameters.Select(p => p.Spread)];
        (double[] At, double Cost) best = ([], double.PositiveInfinity);
        foreach (bool far in new[] { false, true })
        {
            double[] start = [.. layout.Parameters.Select(
                p => far && Far.TryGetValue(p.Coefficients[0], out double factor) ? Math.Log(factor) : 0)];
            double[] at = LeastSquares.Fit(start, spread, Iterations, Residuals, cancellationToken);
            double cost = LeastSquares.Cost(Residuals(at, -1, null), at, spread);
            best = cost < best.Cost ? (at, cost) : best;
        }

        return layout.Layers(best.At).Where(layer => layer.Factors.Count > 0);

        double[] Residuals(double[] at, int column, double[]? before)
        {
            double[] r = new double[cases.Length];
            Dictionary<EstimateRequest, CalibratedPlan> plans = new(ReferenceEqualityComparer.Instance);
            List<OperatorRow> rows = [];
            for (int i = 0; i < r.Length; i++)
            {
                Case item = cases[i];
                r[i] = column >= 0 && !layout.Parameters[column].Scope.Matches(item.Subject)
                    ? before![i]
                    : item.Weight * Math.Log(item.Timing.SecondsIn(
                        PlanOf(plans, item, s => layout.CoefficientsOf(s, at)), rows)!.Value / item.Timing.Seconds);
            }

            return r;
        }
    }

    private static double[] Predicted(Func<CalibrationSubject, Coefficients> coefficients, Case[] cases)
    {
        Dictionary<EstimateRequest, CalibratedPlan> plans = new(ReferenceEqualityComparer.Instance);
        List<OperatorRow> rows = [];
        return [.. cases.Select(c => c.Timing.SecondsIn(PlanOf(plans, c, coefficients), rows)!.Value)];
    }

    private static CalibratedPlan PlanOf(
        Dictionary<EstimateRequest, CalibratedPlan> plans, Case item, Func<CalibrationSubject, Coefficients> coefficients)
    {
        if (!plans.TryGetValue(item.Timing.Request, out CalibratedPlan? plan))
        {
            plans[item.Timing.Request] = plan = FitCase.Plan(item.Timing.Request, item.Subject, coefficients(item.Subject));
        }

        return plan;
    }

    private static Case[] Prepared(CalibrationSet below, IReadOnlyList<TimedOperator> timings)
    {
        Dictionary<EstimateRequest, CalibratedPlan> plans = new(ReferenceEqualityComparer.Instance);
        List<OperatorRow> rows = [];
        List<Case> cases = [];
        foreach (TimedOperator timing in timings)
        {
            Case item = new(timing, CalibrationSubject.Of(timing.Request));
            CalibratedPlan plan = PlanOf(plans, item, below.CoefficientsOf);
            item.BeforeSeconds = timing.SecondsIn(plan, rows)
                ?? throw new InferometerException($"{timing.Id}: the cost model has no operator {string.Join(", ", timing.Operators)}.");
            item.Weight = timing.IsOfModel ? FitsMemory(plan, timing) ? Share(timing, rows) : 0 : 1;
            cases.Add(item);
        }

        // Of bare shapes a step has each once: small ones take as little of it.
        foreach (IGrouping<(string, int, int), Case> like in cases.Where(c => !c.Timing.IsOfModel).GroupBy(
            c => (c.Group, c.Timing.Step.Prefill.Sum(p => p.Count * p.NewTokens), c.Timing.Step.Decode.Sum(d => d.Count))))
        {
            double mean = like.Average(c => c.BeforeSeconds);
            foreach (Case item in like)
            {
                item.Weight = item.BeforeSeconds / mean;
            }
        }

        foreach (IGrouping<string, Case> kind in cases.GroupBy(c => c.Group, StringComparer.Ordinal))
        {
            if (kind.Max(item => item.Weight) > LeastShare)
            {
                Refuse([.. kind]);
            }

            double share = Math.Min(1, RowsOfKind / kind.Count());
            foreach (Case item in kind)
            {
                item.Weight = Math.Sqrt(share * item.Weight) / Noise;
            }
        }

        return [.. cases];
    }

    // Of all that the device computes in such a step.
    private static double Share(TimedOperator timing, List<OperatorRow> rows)
    {
        double own = 0, all = 0;
        foreach (OperatorRow row in rows)
        {
            bool isOwn = timing.Operators.Contains(row.Name, StringComparer.Ordinal);
            own += isOwn ? row.TotalSeconds : 0;
            all += isOwn || row.Group != OperatorGroup.Framework ? row.TotalSeconds : 0;
        }

        return own / all;
    }

    // Tables time attention over caches that no device holds for all layers of the model; no step is like that.
    private static bool FitsMemory(CalibratedPlan plan, TimedOperator timing)
    {
        double tokens = timing.Step.Prefill.Sum(p => (double)p.Count * (p.PastTokens + p.NewTokens))
            + timing.Step.Decode.Sum(d => (double)d.Count * d.ContextTokens);
        return plan.KvBytesPerToken is not { } each || plan.Memory(new WorkloadPoint(1, 1, 1)) is not { } memory
            || memory.WeightBytes + (tokens * each) <= memory.NominalBytes;
    }

    private static void Refuse(Case[] kind)
    {
        Case middle = kind.OrderBy(c => c.BeforeSeconds / c.Timing.Seconds).ElementAt(kind.Length / 2);
        double ratio = middle.BeforeSeconds / middle.Timing.Seconds;
        if (ratio is > MostRatio or < 1 / MostRatio)
        {
            throw new InferometerException(string.Create(
                CultureInfo.InvariantCulture,
                $"{middle.Timing.Id}: {middle.Timing.Kind}, {middle.Timing.Seconds * 1e6:G4} us where {middle.BeforeSeconds * 1e6:G4} us ")
                + "are predicted, and half of the rows of the kind are as far off: "
                + "is the unit as the layout has it, and is it this machine?");
        }
    }

    private sealed class Case(TimedOperator timing, CalibrationSubject subject)
    {
        public TimedOperator Timing => timing;

        public CalibrationSubject Subject => subject;

        public double BeforeSeconds { get; set; }

        public double Weight { get; set; }

        // Bare shapes are deployments of their own, and count together.
        public string Group => string.Join(
            '|', subject.Framework.Name, subject.Device, subject.Format, timing.Kind,
            timing.IsOfModel ? $"{subject.Shape}|{timing.Request.Parallelism}" : "");
    }
}

/// <summary>What operators were fitted to.</summary>
/// <param name="Calibration">The layers alone, without those below.</param>
/// <param name="Operators">The timings, before and after.</param>
public sealed record OperatorFit(CalibrationSet Calibration, EquatableList<CalibratedOperator> Operators);

/// <summary>A timed operator beside predictions of it.</summary>
/// <param name="Timing">What was timed.</param>
/// <param name="BeforeSeconds">Predicted without the calibration.</param>
/// <param name="AfterSeconds">Predicted with it.</param>
/// <param name="IsFitted">It was fitted to; otherwise no step of its model on its device can be like that.</param>
public sealed record CalibratedOperator(TimedOperator Timing, double BeforeSeconds, double AfterSeconds, bool IsFitted);
