namespace Inferometer.Simulation.Calibration;

/// <summary>One coefficient: its name in files, what is believed of it before anything is measured, and between what it must lie.</summary>
/// <param name="Coefficient">Which.</param>
/// <param name="Name">Name in calibration files, such as <c>matrix_memory</c>.</param>
/// <param name="Unit"><c>share</c>, <c>ratio</c>, <c>s</c>, <c>steps</c>, <c>rows</c> or <c>op/B</c>.</param>
/// <param name="Prior">Value for an accelerator that nobody measured.</param>
/// <param name="Spread">Standard deviation of its logarithm before anything is measured.</param>
/// <param name="Least">Smallest value a file may give.</param>
/// <param name="Most">Largest value a file may give; a share cannot exceed 1, as nothing is faster than the datasheet.</param>
/// <param name="Serving">It matters only where requests arrive beside each other.</param>
/// <param name="Own">
/// It is nothing, or next to nothing, where nobody measured, and what one deployment has of it says nothing of another.
/// </param>
public sealed record CoefficientInfo(
    Coefficient Coefficient, string Name, string Unit, double Prior, double Spread, double Least, double Most, bool Serving = false,
    bool Own = false);
