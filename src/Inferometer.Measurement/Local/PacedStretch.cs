namespace Inferometer.Measurement.Local;

/// <summary>A stretch of a calibration, and how slow the machine was right before or after it, against its quick moments.</summary>
/// <param name="Title">What was measured.</param>
/// <param name="Slowness">Of the attempt that counts: 0.1 is a tenth slower.</param>
/// <param name="FirstSlowness">Of the first attempt.</param>
/// <param name="Attempts">How often it was measured.</param>
/// <param name="IsLeftOut">Nothing of it counts.</param>
public sealed record PacedStretch(string Title, double Slowness, double FirstSlowness, int Attempts, bool IsLeftOut = false)
{
    /// <summary>Whether the machine was slower during the attempt that counts than a calibration should see.</summary>
    public bool IsSlow => Slowness > PaceGuard.Tolerance;
}
