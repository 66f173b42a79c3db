using Inferometer.Simulation.Calibration;

namespace Inferometer.Simulation.Fitting;

/// <summary>The unknowns of a stage, over coefficients that earlier stages settled.</summary>
internal sealed class FitLayout(IReadOnlyList<FitParameter> parameters, Func<CalibrationSubject, Coefficients> start)
{
    public IReadOnlyList<FitParameter> Parameters => parameters;

    /// <summary>Coefficients of a deployment at a point of the fit.</summary>
    public Coefficients CoefficientsOf(CalibrationSubject subject, double[] at)
    {
        List<CoefficientFactor> factors = [];
        for (int j = 0; j < parameters.Count; j++)
        {
            if (parameters[j].Moves(at[j]) && parameters[j].Scope.Matches(subject))
            {
                double factor = parameters[j].Factor(at[j]);
                factors.AddRange(parameters[j].Coefficients.Select(c => new CoefficientFactor(c, factor)));
            }
        }

        return start(subject).Times(factors);
    }

    /// <summary>The layers that hold a solution: one per scope, in order of appearance; the scope of all is left to the caller.</summary>
    public IEnumerable<CalibrationLayer> Layers(double[] solution) => parameters.Select((p, j) => (Parameter: p, At: solution[j]))
        .GroupBy(x => x.Parameter.Scope)
        .Where(scope => !IsOfAll(scope.Key))
        .Select(scope => scope.Key with
        {
            Factors =
            [
                .. scope.Where(x => Math.Abs(x.At + x.Parameter.Centre) >= 0.0005)
                    .SelectMany(x => x.Parameter.Coefficients.Select(c => new CoefficientFactor(c, x.Parameter.Factor(x.At))))
                    .OrderBy(f => f.Coefficient),
            ],
        });

    public static bool IsOfAll(CalibrationLayer scope) =>
        scope is { Framework: null, DeviceClass: null, Architecture: null, Device: null, Shape: null, Format: null };
}
