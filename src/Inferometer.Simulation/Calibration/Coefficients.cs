namespace Inferometer.Simulation.Calibration;

/// <summary>A value for every coefficient. Immutable.</summary>
public sealed class Coefficients
{
    private readonly double[] _values;

    private Coefficients(double[] values) => _values = values;

    /// <summary>The priors.</summary>
    public static Coefficients Priors { get; } = new([.. CoefficientTable.All.Select(info => info.Prior)]);

    /// <summary>The value of one.</summary>
    public double this[Coefficient coefficient] => _values[(int)coefficient];

    /// <summary>One value replaced, moved into its bounds where it lies outside.</summary>
    public Coefficients With(Coefficient coefficient, double value)
    {
        double[] values = [.. _values];
        values[(int)coefficient] = Bounded(coefficient, value);
        return new Coefficients(values);
    }

    /// <summary>Some values multiplied, moved into their bounds where they then lie outside.</summary>
    /// <param name="factors">The factors; coefficients without one stay.</param>
    public Coefficients Times(IReadOnlyList<CoefficientFactor> factors)
    {
        ArgumentNullException.ThrowIfNull(factors);
        double[] values = [.. _values];
        foreach ((Coefficient coefficient, double factor) in factors)
        {
            values[(int)coefficient] = Bounded(coefficient, values[(int)coefficient] * factor);
        }

        return new Coefficients(values);
    }

    private static double Bounded(Coefficient coefficient, double value)
    {
        CoefficientInfo info = CoefficientTable.Of(coefficient);
        return Math.Clamp(value, info.Least, info.Most);
    }
}
