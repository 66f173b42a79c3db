namespace Inferometer.Server.Metrics;

/// <summary>Measured latencies of requests beside those predicted for them, of all engines together. Thread-safe.</summary>
/// <param name="forecast">What predicts.</param>
internal sealed class PredictionMetrics(LatencyForecast forecast)
{
    /// <summary>What predicts.</summary>
    public LatencyForecast Forecast => forecast;

    /// <summary>Measured from the first step to the first token.</summary>
    public Histogram MeasuredFirstToken { get; } = new(Buckets.FirstToken);

    /// <summary>Predicted for the same.</summary>
    public Histogram PredictedFirstToken { get; } = new(Buckets.FirstToken);

    /// <summary>Measured mean between tokens.</summary>
    public Histogram MeasuredToken { get; } = new(Buckets.Token);

    /// <summary>Predicted for the same.</summary>
    public Histogram PredictedToken { get; } = new(Buckets.Token);

    /// <summary>Measured from the first step to the end.</summary>
    public Histogram MeasuredRequest { get; } = new(Buckets.Request);

    /// <summary>Predicted for the same.</summary>
    public Histogram PredictedRequest { get; } = new(Buckets.Request);

    /// <summary>Adds a request; one without a token is not predicted.</summary>
    /// <param name="engine">Number of the engine that served it.</param>
    /// <param name="served">The request.</param>
    public void Add(int engine, in ServedRequest served)
    {
        if (served.OutputTokens == 0 || served.ScoresPrompt)
        {
            return; // predictions are of prompts that are read for their last token alone
        }

        LatencyForecast.Latencies predicted = forecast.Price(engine, served);
        MeasuredFirstToken.Add(served.PrefillSeconds);
        PredictedFirstToken.Add(predicted.FirstToken);
        MeasuredToken.Add(served.PerTokenSeconds);
        PredictedToken.Add(predicted.Token);
        MeasuredRequest.Add(served.TotalSeconds - served.QueueSeconds);
        PredictedRequest.Add(predicted.Request);
    }
}
