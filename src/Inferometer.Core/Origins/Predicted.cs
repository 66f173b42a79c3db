namespace Inferometer.Core.Origins;

/// <summary>A value that a model computed. It cannot become a <see cref="Measured{T}"/> nor come from one.</summary>
/// <typeparam name="T">The value: a number, a report.</typeparam>
public sealed record Predicted<T>
{
    /// <summary>Notes a predicted value.</summary>
    /// <param name="value">The value in the middle.</param>
    /// <param name="model">What predicted it, as a person would name it; not empty.</param>
    /// <param name="range">Between what it is expected to lie; null where the model does not say.</param>
    /// <exception cref="ArgumentException">The model is empty.</exception>
    public Predicted(T value, string model, PredictionRange<T>? range = null)
    {
        ArgumentNullException.ThrowIfNull(value);
        ArgumentException.ThrowIfNullOrWhiteSpace(model);
        Value = value;
        Model = model;
        Range = range;
    }

    /// <summary>The value in the middle.</summary>
    public T Value { get; }

    /// <summary>What predicted it.</summary>
    public string Model { get; }

    /// <summary>Between what it is expected to lie; null where the model does not say.</summary>
    public PredictionRange<T>? Range { get; }

    /// <summary>A part or a function of the value and of the ends of its range.</summary>
    public Predicted<TResult> Select<TResult>(Func<T, TResult> selector)
    {
        ArgumentNullException.ThrowIfNull(selector);
        return new Predicted<TResult>(selector(Value), Model, Range is null ? null : new(selector(Range.Low), selector(Range.High)));
    }
}
