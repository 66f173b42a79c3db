namespace Inferometer.Measurement.Validation;

/// <summary>What a fitted predictor does not get to see.</summary>
public enum HoldOut
{
    /// <summary>A fifth of the rows, drawn by their names.</summary>
    Random,

    /// <summary>One model at a time.</summary>
    Model,

    /// <summary>One machine at a time.</summary>
    System,

    /// <summary>One framework at a time.</summary>
    Framework,
}
