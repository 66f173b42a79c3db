using Inferometer.Core;
using Inferometer.Simulation.Calibration;

namespace Inferometer.Simulation.Fitting;

/// <summary>One unknown of a fit: the logarithm of a factor on one or more coefficients, of the deployments a layer names.</summary>
/// <param name="Coefficients">What it multiplies.</param>
/// <param name="Scope">A layer without factors that says of which deployments; one that names nothing is of all.</param>
/// <param name="Spread">Standard deviation of the logarithm before anything is measured; its mean is 0.</param>
internal sealed record FitParameter(EquatableList<Coefficient> Coefficients, CalibrationLayer Scope, double Spread)
{
    /// <summary>
    /// Logarithm of the factor at 0 of the unknown: of a coefficient that calibrations mostly leave at nothing, what is believed of it.
    /// </summary>
    public double Centre { get; init; }

    /// <summary>It may be so far from what is believed that no slope leads there: a fit begins there too.</summary>
    public bool MayBeFar { get; init; }

    /// <summary>The factor at a point of the fit.</summary>
    public double Factor(double at) => Math.Exp(at + Centre);

    /// <summary>Whether the factor at a point is one that changes something.</summary>
    public bool Moves(double at) => at + Centre != 0;
}
