using Inferometer.Simulation.Calibration;

namespace Inferometer.Simulation.Fitting;

/// <summary>
/// The whole fit, in two stages for each of the two times: what all runs share (with small deviations of architectures and frameworks),
/// then, with that frozen, what is left of each group, shrunk towards nothing. Fitting both at once drifts: groups take up what is common.
/// </summary>
internal static class CalibrationFit
{
    private const double TokenNoise = 0.12;
    private const double TokenGroupNoise = 0.06;
    private const double FirstTokenNoise = 0.2;
    private const double FirstTokenGroupNoise = 0.15;
    private const int LeastRunsOfGroup = 3;

    // Six unknowns with wide priors: one odd run of four would be all that they say.
    private const int LeastFirstTokensOfGroup = 8;

    /// <summary>Fits.</summary>
    /// <param name="cases">Runs to fit to; at least one.</param>
    /// <param name="start">Solution of the first stage to begin at, of a fit with the same unknowns; null = the priors.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static Fitted Fit(IReadOnlyList<FitCase> cases, double[]? start, CancellationToken cancellationToken)
    {
        // Decode steps without prompts, nearly all of one model: they would draw what all share towards themselves.
        FitCase[] whole = [.. cases.Where(c => !c.IsSeparate)];
        FitLayout tokens = new(FitUnknowns.TokenGlobals(whole), _ => Coefficients.Priors);
        bool warm = start?.Length == tokens.Parameters.Count;
        double[] solution = new TokenTimeStage(whole, tokens, TokenNoise).Fit(warm ? start : null, warm ? 6 : 25, cancellationToken);
        List<CalibrationLayer> layers = [new() { DeviceClass = DeviceClass.DataCenter, Runs = whole.Length }, .. tokens.Layers(solution)];
        CalibrationSet set = Set(Base(tokens, solution, Coefficients.Priors), layers);

        IGrouping<string, FitCase>[] groups =
        [
            .. cases.GroupBy(c => c.Group, StringComparer.Ordinal).Where(g => g.Count() >= LeastRunsOfGroup)
                .OrderBy(g => g.Key, StringComparer.Ordinal),
        ];
        Dictionary<string, CalibrationLayer> groupLayers = new(StringComparer.Ordinal);
        foreach (IGrouping<string, FitCase> group in groups)
        {
            Coefficients before = set.Match(group.First().Run.Request).Coefficients;
            FitLayout own = new(FitUnknowns.TokenGroup(ScopeOf([.. group])), _ => before);
            double[] at = new TokenTimeStage(group, own, TokenGroupNoise).Fit(null, 10, cancellationToken);
            groupLayers[group.Key] = own.Layers(at).Single();
        }

        Coefficients OfCase(FitCase c) => set.Match(c.Run.Request).Coefficients
            .Times(groupLayers.TryGetValue(c.Group, out CalibrationLayer? layer) ? layer.Factors : []);
        Dictionary<FitCase, Parts> parts = FirstTokenStage.PartsOf(whole, OfCase);
        CalibrationSet tokensOnly = set;
        FitLayout first = new(FitUnknowns.FirstTokenGlobals(whole), s => tokensOnly.Base);
        double[] firstSolution = new FirstTokenStage(whole, parts, first, FirstTokenNoise).Fit(30, cancellationToken);
        set = Set(Base(first, firstSolution, set.Base), Merged(layers, first.Layers(firstSolution)));
        foreach (IGrouping<string, FitCase> group in groups.Where(g => g.Count(FirstTokenStage.Reads) >= LeastFirstTokensOfGroup))
        {
            Coefficients before = set.Match(group.First().Run.Request).Coefficients;
            FitLayout own = new(FitUnknowns.FirstTokenGroup(ScopeOf([.. group])), _ => before);
            double[] at = new FirstTokenStage([.. group], parts, own, FirstTokenGroupNoise).Fit(30, cancellationToken);
            groupLayers[group.Key] = Merge(groupLayers[group.Key], own.Layers(at).Single());
        }

        CalibrationLayer[] measured = [.. groups.Select(g => groupLayers[g.Key])];
        return new Fitted(set with { Layers = [.. set.Layers, .. measured], Kinship = KinshipFit.Of(measured) }, solution);
    }

    /// <summary>
    /// What is left of one group over a calibration, for the formulas of closed loops, both stages. Other groups' layers below hold too;
    /// one of the same group is built upon.
    /// </summary>
    public static CalibrationLayer GroupOfFormulas(
        IReadOnlyList<FitCase> group, CalibrationSet below, double tokenNoise, double firstTokenNoise, CancellationToken cancellationToken)
    {
        CalibrationLayer scope = ScopeOf(group);
        FitLayout tokens = new(FitUnknowns.TokenGroup(scope), below.CoefficientsOf);
        double[] at = new TokenTimeStage(group, tokens, tokenNoise).Fit(null, 15, cancellationToken);
        CalibrationLayer layer = tokens.Layers(at).Single();
        CalibrationSet with = below.With(Set(below.Base, [layer]));
        Dictionary<FitCase, Parts> parts = FirstTokenStage.PartsOf(group, c => with.CoefficientsOf(c.Subject));
        FitLayout first = new(FitUnknowns.OwnFirstToken(scope, below.Match(group[0].Run.Request).Familiarity), with.CoefficientsOf);
        double[] firstAt = new FirstTokenStage(group, parts, first, firstTokenNoise).Fit(15, cancellationToken);
        return Merge(layer, first.Layers(firstAt).Single());
    }

    /// <summary>
    /// What is left of one group over a calibration, for a simulated service. Other groups' layers below hold too; one of the same group is
    /// built upon.
    /// </summary>
    public static CalibrationLayer Group(
        IReadOnlyList<FitCase> group, CalibrationSet below, double tokenNoise, double firstTokenNoise, CancellationToken cancellationToken)
    {
        CalibrationLayer scope = ScopeOf(group);
        FitCase some = group[0];
        double step = group.OrderBy(c => c.Run.Load.Users).Select(c => c.Run.TimePerOutputTokenSeconds).FirstOrDefault(t => t is > 0)
            ?? FitCase.Plan(some, below.CoefficientsOf(some.Subject)).Step([], [new(some.Run.Load.MeanInputTokens)]).LatencySeconds;
        Familiarity known = below.Match(some.Run.Request).Familiarity;
        FitLayout own = new(
            FitUnknowns.Own(scope, known, step, below.CoefficientsOf(some.Subject)),
            below.CoefficientsOf);
        double[] at = new OwnRunsStage(group, own, tokenNoise, firstTokenNoise).Fit(cancellationToken);
        CalibrationLayer layer = own.Layers(at).Single();
        CalibrationSet with = below.With(Set(below.Base, [layer]));
        Dictionary<FitCase, Parts> parts = FirstTokenStage.PartsOf(group, c => with.CoefficientsOf(c.Subject));
        FitLayout formulas = new(FitUnknowns.OwnOfFormulas(scope, known), with.CoefficientsOf);
        double[] formulasAt = new FirstTokenStage(group, parts, formulas, firstTokenNoise).Fit(15, cancellationToken);
        return Merge(layer, formulas.Layers(formulasAt).Single());
    }

    /// <summary>The same to rates of prompts and generation, which say nothing of serving.</summary>
    public static CalibrationLayer Group(
        IReadOnlyList<RateCase> group, CalibrationSet below, double noise, CancellationToken cancellationToken)
    {
        RateCase first = group[0];
        CalibrationLayer scope = ScopeOf(first.Subject, first.Run.Request.Architecture.Name, group.Count);
        FitLayout rates = new(FitUnknowns.TokenGroup(scope), below.CoefficientsOf);
        return rates.Layers(new RateStage(group, rates, noise).Fit(15, cancellationToken)).Single();
    }

    private static CalibrationSet Set(Coefficients coefficients, IEnumerable<CalibrationLayer> layers) =>
        new() { Name = "serving", Base = coefficients, Layers = [.. layers] };

    private static Coefficients Base(FitLayout layout, double[] solution, Coefficients before)
    {
        List<CoefficientFactor> factors = [];
        for (int j = 0; j < solution.Length; j++)
        {
            if (FitLayout.IsOfAll(layout.Parameters[j].Scope))
            {
                factors.AddRange(layout.Parameters[j].Coefficients.Select(c => new CoefficientFactor(c, Math.Exp(solution[j]))));
            }
        }

        return before.Times(factors);
    }

    private static CalibrationLayer ScopeOf(IReadOnlyCollection<FitCase> group)
    {
        FitCase first = group.First();
        return ScopeOf(first.Subject, first.Run.Request.Architecture.Name, group.Count);
    }

    private static CalibrationLayer ScopeOf(CalibrationSubject subject, string model, int runs) => new()
    {
        Framework = subject.Framework.Name,
        Device = subject.Device,
        Model = model,
        Shape = subject.Shape,
        Format = subject.Format,
        Runs = runs,
    };

    // Layers of equal scope become one.
    private static IEnumerable<CalibrationLayer> Merged(IEnumerable<CalibrationLayer> before, IEnumerable<CalibrationLayer> after)
    {
        List<CalibrationLayer> merged = [.. before];
        foreach (CalibrationLayer layer in after)
        {
            int same = merged.FindIndex(m => (m with { Factors = [] }) == (layer with { Factors = [] }));
            if (same < 0)
            {
                merged.Add(layer);
            }
            else
            {
                merged[same] = Merge(merged[same], layer);
            }
        }

        return merged;
    }

    private static CalibrationLayer Merge(CalibrationLayer a, CalibrationLayer b) =>
        a with { Factors = [.. a.Factors.Concat(b.Factors).OrderBy(f => f.Coefficient)] };
}

/// <summary>A calibration without bands, and where its first stage ended, for the next fit to begin at.</summary>
internal sealed record Fitted(CalibrationSet Set, double[] Start);
