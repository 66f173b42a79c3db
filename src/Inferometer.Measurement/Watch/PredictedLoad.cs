using Inferometer.Core;

namespace Inferometer.Measurement.Watch;

/// <summary>What a deployment is predicted to do under an observed load.</summary>
/// <param name="Figures">Latencies, observed and predicted.</param>
/// <param name="InSystem">Requests running and waiting on average, predicted.</param>
/// <param name="CacheUse">Share of the KV cache in use on average, predicted.</param>
/// <param name="IsOverloaded">
/// Requests come faster than the deployment is predicted to answer them: no latency is too long then.
/// </param>
public sealed record PredictedLoad(
    EquatableList<WatchedFigure> Figures, double? InSystem, double? CacheUse, bool IsOverloaded);
