using Inferometer.Measurement.Published;
using Inferometer.Measurement.Replay;

namespace Inferometer.Measurement.Validation;

/// <summary>Something that is fitted to measurements and can be fitted anew to some of them, so that the rest judge it.</summary>
public interface IFittedPredictors
{
    /// <summary>Name for people.</summary>
    string Name { get; }

    /// <summary>Fits to rows, none of which will be asked about.</summary>
    IFittedPredictor FitTo(IReadOnlyList<ServingMeasurement> rows);
}

/// <summary>What one fit predicts.</summary>
public interface IFittedPredictor : IServingPredictor
{
    /// <summary>The rows of one deployment that tell most about the rest of it, the most telling first; measured times are not looked
    /// at.</summary>
    /// <param name="rows">All rows of the deployment.</param>
    /// <param name="count">How many to choose.</param>
    IReadOnlyList<ServingMeasurement> MostTelling(IReadOnlyList<ServingMeasurement> rows, int count);

    /// <summary>The same fit, corrected by a few rows of the deployment that will be asked about.</summary>
    IServingPredictor CorrectedBy(IReadOnlyList<ServingMeasurement> rows);
}
