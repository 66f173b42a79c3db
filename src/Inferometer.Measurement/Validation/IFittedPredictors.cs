using Inferometer.Measurement.Published;
using Inferometer.Measurement.Replay;

namespace Inferometer.Measurement.Validation;

/// <summary>Something that is fitted to measurements and can be fitted anew to some of them, so that the rest judge it.</summary>
public interface IFittedPredictors
{
    /// <summary>Name for people.</summary>
    string Name { get; }

    /// <summary>Fits to rows, none of which will be asked about.</summary>
    IServingPredictor FitTo(IReadOnlyList<ServingMeasurement> rows);
}
