namespace Inferometer.Core.Origins;

/// <summary>
/// A value that was observed. It cannot become a <see cref="Predicted{T}"/> nor come from one: what is reported as measured was measured.
/// </summary>
/// <typeparam name="T">The value: a number, a report.</typeparam>
public sealed record Measured<T>
{
    /// <summary>Notes a measured value.</summary>
    public Measured(T value, MeasurementSource source)
    {
        ArgumentNullException.ThrowIfNull(value);
        ArgumentNullException.ThrowIfNull(source);
        Value = value;
        Source = source;
    }

    /// <summary>The value.</summary>
    public T Value { get; }

    /// <summary>Where, when and how often.</summary>
    public MeasurementSource Source { get; }

    /// <summary>A part or a function of the value, as measured as the value is.</summary>
    public Measured<TResult> Select<TResult>(Func<T, TResult> selector)
    {
        ArgumentNullException.ThrowIfNull(selector);
        return new Measured<TResult>(selector(Value), Source);
    }
}
