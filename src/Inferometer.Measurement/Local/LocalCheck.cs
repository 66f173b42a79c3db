namespace Inferometer.Measurement.Local;

/// <summary>A workload of the engine that a calibration has not seen: predicted, then measured.</summary>
/// <param name="Name">What ran.</param>
/// <param name="Format">Format of the weights.</param>
/// <param name="Users">Requests that are there at once.</param>
/// <param name="InputTokens">Prompt tokens of each.</param>
/// <param name="OutputTokens">Generated tokens of each.</param>
/// <param name="PredictedSeconds">From the first request to the end of the last, by the serving simulation.</param>
/// <param name="MeasuredSeconds">The same on the engine.</param>
public sealed record LocalCheck(
    string Name, string Format, int Users, int InputTokens, int OutputTokens, double PredictedSeconds, double MeasuredSeconds)
{
    /// <summary>predicted / measured - 1.</summary>
    public double Error => (PredictedSeconds / MeasuredSeconds) - 1;
}
