namespace Inferometer.Core.Origins;

/// <summary>Between what a prediction is expected to lie.</summary>
/// <typeparam name="T">The value predicted.</typeparam>
/// <param name="Low">The favourable or smaller end.</param>
/// <param name="High">The other end.</param>
public sealed record PredictionRange<T>(T Low, T High);
