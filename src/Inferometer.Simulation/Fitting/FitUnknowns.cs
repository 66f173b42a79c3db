using Inferometer.Simulation.Calibration;

namespace Inferometer.Simulation.Fitting;

/// <summary>
/// Which coefficients each stage may move, and how far. Few unknowns and strong priors: free ones fit the rows and miss the rest.
/// </summary>
internal static class FitUnknowns
{
    // How far an architecture or a framework may differ from the others before its runs say so clearly, and how far a group.
    private const double Small = 0.04;
    private const double Group = 0.3;

    // Products of one device in one format reach what others there do, within what tables of kernels differ by between frameworks.
    private const double GroupProducts = 0.15;
    private const double FrameworkServing = 0.4;

    // In priors of coefficients of serving: groups of the fit, and a handful of one's own runs, each within 15 % or so, where the device is
    // known. Of deployments that the fit has not seen the rest is missed by less with half the width; of devices that nobody fitted nothing
    // can be held out, and one's own runs may move further.
    private const double OfGroupServing = 2;
    private const double OwnOfRelated = 1;

    // A group begins a hundred times above the nothing of where nobody measured, or no slope would lead it away from there.
    private static readonly double OwnOfGroup = Math.Log(100);

    // A doubling of sequences is believed to cost a small part of a step, and may cost as much as one.
    private const double DoublingShare = 0.003;

    // How much further one's own runs may move a deployment of which no run of its device, or of its class of devices, was fitted.
    private const double OfClassWidth = 2;
    private const double UnknownWidth = 3;

    private static readonly CalibrationLayer All = new();

    private static readonly Coefficient[] OfArchitecture =
    [
        Coefficient.Matrix16, Coefficient.Matrix8, Coefficient.MatrixMemory, Coefficient.ExpertMemory, Coefficient.AttentionMemory,
        Coefficient.Launch, Coefficient.Link, Coefficient.LinkLatency,
    ];

    private static readonly Coefficient[] OfFramework =
    [
        Coefficient.Launch, Coefficient.ExpertExtra, Coefficient.Step, Coefficient.Sequence, Coefficient.Stall, Coefficient.ExpertMemory,
        Coefficient.ExpertMatrix, Coefficient.PromptLayer,
    ];

    // Coefficients of a kind move together: one model in one format cannot tell them apart.
    private static readonly Coefficient[][] OfGroup =
    [
        [Coefficient.Launch],
        [Coefficient.MatrixMemory, Coefficient.ExpertMemory],
        [Coefficient.Matrix16, Coefficient.Matrix8, Coefficient.Matrix4],
        [Coefficient.Stall],
        [Coefficient.Sequence],
        [Coefficient.Step],
        [Coefficient.AttentionMemory],
        [Coefficient.Link],
        [Coefficient.LinkLatency],
        [Coefficient.ExpertMatrix],
        [Coefficient.ExpertExtra, Coefficient.RecurrenceExtra],
        [Coefficient.AttentionExtra],
    ];

    // How fast the device is as a whole; how its parts compare is known better.
    private static readonly Coefficient[] OfLevel = [Coefficient.Launch, Coefficient.MatrixMemory, Coefficient.Matrix16, Coefficient.Step];

    // Runs of whole services cannot tell these from others: they are left where they are believed to be.
    private static readonly Coefficient[] OfTimedAlone =
    [
        Coefficient.Doubling, Coefficient.MatrixRows, Coefficient.AttentionTile, Coefficient.AttentionBeside, Coefficient.AttentionSerial,
    ];

    private static readonly Coefficient[] OfFormulas = [Coefficient.FirstTokenPrompt, Coefficient.Queue, Coefficient.FirstTokenTurn];

    /// <summary>Time per token, all runs.</summary>
    public static FitParameter[] TokenGlobals(IReadOnlyList<FitCase> cases) =>
    [
        .. CoefficientTable.All
            .Where(info => !OfTimedAlone.Contains(info.Coefficient) && (!info.Serving || info.Coefficient == Coefficient.Stall))
            .Select(info => new FitParameter([info.Coefficient], All, WidthOfAll(info))),
        .. Scopes(cases, s => new CalibrationLayer { Architecture = s.Architecture })
            .SelectMany(scope => Each(OfArchitecture, scope, Small)),
        .. Scopes(cases, s => new CalibrationLayer { Framework = s.Framework.Name }).SelectMany(scope => Each(OfFramework, scope, Small)),
    ];

    /// <summary>Time per token, one group.</summary>
    public static FitParameter[] TokenGroup(CalibrationLayer scope) =>
        [.. OfGroup.Select(set => new FitParameter([.. set], scope, set[0] == Coefficient.Matrix16 ? GroupProducts : Group))];

    /// <summary>
    /// Both times of one's own runs of a deployment, as a simulated service gives them: <see cref="Coefficient.FirstTokenPrompt"/> and
    /// <see cref="Coefficient.Queue"/>, of which it knows nothing, are left where they are.
    /// </summary>
    /// <param name="scope">The deployment's group.</param>
    /// <param name="known">How well it is known before.</param>
    /// <param name="stepSeconds">A measured time per token, seconds, of few users.</param>
    /// <param name="before">Coefficients before.</param>
    public static FitParameter[] Own(CalibrationLayer scope, Familiarity known, double stepSeconds, Coefficients before)
    {
        double width = known switch
        {
            Familiarity.Fitted or Familiarity.Related => 1,
            Familiarity.Class => OfClassWidth,
            _ => UnknownWidth,
        };
        return
        [
            .. OfGroup.Select(set => new FitParameter([.. set], scope, OfLevel.Contains(set[0]) ? width * Group : Group)),
            new FitParameter([Coefficient.Doubling], scope, CoefficientTable.Of(Coefficient.Doubling).Spread)
            {
                Centre = Math.Max(0, Math.Log(DoublingShare * stepSeconds / before[Coefficient.Doubling])),
                MayBeFar = true,
            },
            .. FirstToken.Except(OfFormulas).Select(c => OwnServing(c, scope, known)),
        ];
    }

    /// <summary>Time to first token of one's own runs, what only formulas of closed loops use.</summary>
    public static FitParameter[] OwnOfFormulas(CalibrationLayer scope, Familiarity known) =>
        [.. OfFormulas.Select(c => OwnServing(c, scope, known))];

    /// <summary>Time to first token of one's own runs, where formulas of closed loops are to agree with them.</summary>
    public static FitParameter[] OwnFirstToken(CalibrationLayer scope, Familiarity known) =>
        [.. FirstToken.Select(c => OwnServing(c, scope, known))];

    /// <summary>Time to first token, all runs.</summary>
    public static FitParameter[] FirstTokenGlobals(IReadOnlyList<FitCase> cases) =>
    [
        .. OfAllFirstTokens.Select(c => new FitParameter([c], All, 1.5 * CoefficientTable.Of(c).Spread)),
        .. Scopes(cases, s => new CalibrationLayer { Architecture = s.Architecture })
            .SelectMany(scope => OfAllFirstTokens.Select(c => new FitParameter([c], scope, 0.25 * CoefficientTable.Of(c).Spread))),
        .. Scopes(cases, s => new CalibrationLayer { Framework = s.Framework.Name })
            .SelectMany(
                scope => OfAllFirstTokens.Select(c => new FitParameter([c], scope, FrameworkServing * CoefficientTable.Of(c).Spread))),
    ];

    /// <summary>
    /// Time to first token, one group of the fit. Its dozens of runs say what its factors are, so that the prior may be wide; the handful
    /// of one's own (<see cref="OwnFirstToken"/>) does not, and gets a narrower one.
    /// </summary>
    public static FitParameter[] FirstTokenGroup(CalibrationLayer scope) =>
        [
            .. FirstToken.Select(c => new FitParameter([c], scope, OfGroupServing * CoefficientTable.Of(c).Spread)
            {
                Centre = CoefficientTable.Of(c).Own ? OwnOfGroup : 0,
            }),
        ];

    private static IEnumerable<Coefficient> FirstToken =>
        CoefficientTable.All.Where(info => info.Serving && info.Coefficient != Coefficient.Stall).Select(info => info.Coefficient);

    private static IEnumerable<Coefficient> OfAllFirstTokens => FirstToken.Where(c => !CoefficientTable.Of(c).Own);

    // What products reach was timed on them alone, where nothing else is in the time; times per token tell it from experts and from stalls
    // no better than by a third.
    private static double WidthOfAll(CoefficientInfo info) => info.Coefficient switch
    {
        Coefficient.Matrix16 => 0.04,
        Coefficient.Matrix8 => 0.06,
        Coefficient.Matrix4 => 0.2,
        Coefficient.ExpertMatrix16 => 0.05,
        _ => 2 * info.Spread,
    };

    private static IEnumerable<FitParameter> Each(Coefficient[] coefficients, CalibrationLayer scope, double spread) =>
        coefficients.Select(c => new FitParameter([c], scope, spread));

    private static FitParameter OwnServing(Coefficient coefficient, CalibrationLayer scope, Familiarity known) => new(
        [coefficient], scope, (known <= Familiarity.Related ? OwnOfRelated : OfGroupServing) * CoefficientTable.Of(coefficient).Spread);

    private static IEnumerable<CalibrationLayer> Scopes(IReadOnlyList<FitCase> cases, Func<CalibrationSubject, CalibrationLayer> of) =>
        cases.GroupBy(c => of(c.Subject))
            .Select(g => g.Key with { Runs = g.Count() }).OrderBy(l => l.Framework ?? l.Architecture, StringComparer.Ordinal);
}
