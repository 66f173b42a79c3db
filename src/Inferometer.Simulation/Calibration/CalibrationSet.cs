using Inferometer.Core;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Calibration;

/// <summary>Everything a calibration holds: base coefficients, layers of factors, bands of errors. Immutable; thread-safe.</summary>
public sealed record CalibrationSet
{
    // A handful of runs moves a group's factors, but not far enough to be as sure as of dozens.
    private const int FewRuns = 8;

    private static readonly Lazy<CalibrationSet> Shipped = new(CalibrationFile.ReadBuiltIn);

    /// <summary>The one that ships with the program (<c>catalog/calibration</c>).</summary>
    public static CalibrationSet BuiltIn => Shipped.Value;

    /// <summary>Name, such as <c>serving</c>.</summary>
    public required string Name { get; init; }

    /// <summary>What it was fitted on and how, in a sentence.</summary>
    public string Source { get; init; } = "";

    /// <summary>Coefficients before any factor.</summary>
    public Coefficients Base { get; init; } = Coefficients.Priors;

    /// <summary>Factors, in the order they are multiplied.</summary>
    public EquatableList<CalibrationLayer> Layers { get; init; } = [];

    /// <summary>What measured groups say of those that nobody measured; null = nothing.</summary>
    public Kinship? Kinship { get; init; }

    /// <summary>Bands of errors; those of one familiarity and metric stand once.</summary>
    public EquatableList<CalibrationBand> Bands { get; init; } = [];

    /// <summary>This set with the layers of another on top.</summary>
    public CalibrationSet With(CalibrationSet top)
    {
        ArgumentNullException.ThrowIfNull(top);
        return this with { Layers = [.. Layers, .. top.Layers], Bands = [.. Bands, .. top.Bands] };
    }

    /// <summary>The coefficients of a deployment.</summary>
    public Coefficients CoefficientsOf(CalibrationSubject subject)
    {
        Coefficients coefficients = Kinship is { } kinship ? Base.Times(kinship.FactorsOf(subject)) : Base;
        return Layers.Where(layer => layer.Matches(subject)).Aggregate(coefficients, (all, layer) => all.Times(layer.Factors));
    }

    /// <summary>What it knows of a deployment.</summary>
    /// <exception cref="InferometerException">The request names a framework that is not known.</exception>
    public CalibrationMatch Match(EstimateRequest request)
    {
        CalibrationSubject subject = CalibrationSubject.Of(request);
        int group = 0, device = 0, deviceClass = 0, timings = 0;
        bool matched = false;
        foreach (CalibrationLayer layer in Layers)
        {
            if (layer.Matches(subject))
            {
                group += layer.IsGroup ? layer.Runs : 0;
                matched |= layer is { DeviceClass: not null, Runs: > 0 };
                timings = Math.Max(timings, layer.Timings);
                deviceClass += layer is { DeviceClass: not null } ? layer.Runs : 0;
            }

            bool here = layer.Device is not null && string.Equals(layer.Framework, subject.Framework.Name, StringComparison.Ordinal)
                && string.Equals(layer.Device, subject.Device, StringComparison.Ordinal);
            device += here ? layer.Runs : 0;
        }

        Familiarity familiarity = group > 0 ? Familiarity.Fitted
            : device > 0 ? Familiarity.Related
            : matched && !subject.Framework.RestsOnProbes ? Familiarity.Class
            : Familiarity.Datasheet;
        return new CalibrationMatch
        {
            Subject = subject,
            Coefficients = CoefficientsOf(subject),
            Familiarity = familiarity,
            Timings = timings,
            Runs = familiarity switch
            {
                Familiarity.Fitted => group,
                Familiarity.Related => device,
                Familiarity.Class => deviceClass,
                _ => 0,
            },
            RunsOfRelatives = familiarity is Familiarity.Related or Familiarity.Class ? Kinship?.RunsOfRelatives(subject) ?? 0 : 0,
            Bands =
            [
                .. Enum.GetValues<CalibratedMetric>().Select(metric => BandOf(
                    subject.Framework.Name,
                    familiarity == Familiarity.Fitted && group < FewRuns ? Familiarity.Related : familiarity,
                    metric)),
            ],
        };
    }

    // Where nothing was held out for a familiarity, the next worse one speaks for it; without any, a wide belief.
    private CalibrationBand BandOf(string framework, Familiarity familiarity, CalibratedMetric metric)
    {
        string? owner = Bands.Any(b => string.Equals(b.Framework, framework, StringComparison.Ordinal)) ? framework : null;
        for (Familiarity f = familiarity; f <= Familiarity.Datasheet; f++)
        {
            foreach (CalibrationBand band in Bands)
            {
                if (band.Familiarity == f && band.Metric == metric && string.Equals(band.Framework, owner, StringComparison.Ordinal))
                {
                    return band;
                }
            }
        }

        return new CalibrationBand(familiarity, metric, 0, 0.4, 0.7, 1.5, 2.5);
    }
}
