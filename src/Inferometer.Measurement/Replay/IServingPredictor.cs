using Inferometer.Core;
using Inferometer.Measurement.Published;

namespace Inferometer.Measurement.Replay;

/// <summary>Predicts what a serving configuration does: the boundary at which ways to predict are compared.</summary>
public interface IServingPredictor
{
    /// <summary>Name for people, such as that of the cost model.</summary>
    string Name { get; }

    /// <summary>Predicts one row; its measured values are not looked at.</summary>
    /// <exception cref="InferometerException">The row cannot be predicted: a name stands for nothing, a degree is impossible.</exception>
    ServingPrediction Predict(ServingMeasurement row);
}
