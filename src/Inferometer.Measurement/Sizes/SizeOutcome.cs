namespace Inferometer.Measurement.Sizes;

/// <summary>A published figure and what is predicted for it.</summary>
/// <param name="Row">What was published.</param>
/// <param name="Predicted">The prediction in the unit of the row; null = it is not predicted.</param>
/// <param name="Kind"><c>file</c>, <c>weights</c> or <c>cache</c>.</param>
/// <param name="Reason">Why it is not predicted; null = it is.</param>
public sealed record SizeOutcome(PublishedSize Row, double? Predicted, string Kind, string? Reason = null)
{
    /// <summary>Prediction over measurement less one; null = it is not predicted.</summary>
    public double? Error => Predicted / Row.Reported - 1;
}
