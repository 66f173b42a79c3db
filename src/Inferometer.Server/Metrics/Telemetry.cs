using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Inferometer.Server.Metrics;

/// <summary>
/// Traces and metrics by the names of OpenTelemetry's conventions for generative AI
/// (opentelemetry.io/docs/specs/semconv/gen-ai, still in development there). They cost nothing while nobody listens.
/// </summary>
internal sealed class Telemetry : IDisposable
{
    /// <summary>Name of the source of traces and of the meter.</summary>
    public const string Name = "Inferometer.Server";

    private readonly Meter _meter = new(Name);

    /// <summary>Creates the instruments.</summary>
    public Telemetry()
    {
        Duration = _meter.CreateHistogram<double>(
            "gen_ai.server.request.duration", "s", "Time from the arrival of a request to its end.", advice: Advice(Buckets.Request));
        FirstToken = _meter.CreateHistogram<double>(
            "gen_ai.server.time_to_first_token", "s", "Time from the arrival of a request to its first token.",
            advice: Advice(Buckets.FirstToken));
        PerToken = _meter.CreateHistogram<double>(
            "gen_ai.server.time_per_output_token", "s", "Mean time per token after the first.", advice: Advice(Buckets.Token));
        Tokens = _meter.CreateHistogram<long>(
            "gen_ai.client.token.usage", "{token}", "Tokens of prompts and of outputs.",
            advice: new InstrumentAdvice<long> { HistogramBucketBoundaries = [.. Buckets.UsedTokens] });
    }

    /// <summary>One activity per generation.</summary>
    public static ActivitySource Source { get; } = new(Name);

    /// <summary>Duration of requests.</summary>
    public Histogram<double> Duration { get; }

    /// <summary>Time to first token.</summary>
    public Histogram<double> FirstToken { get; }

    /// <summary>Time per output token.</summary>
    public Histogram<double> PerToken { get; }

    /// <summary>Tokens used.</summary>
    public Histogram<long> Tokens { get; }

    /// <summary>Adds a sequence that ended.</summary>
    /// <param name="operation">What was asked: <c>chat</c>, <c>text_completion</c>.</param>
    /// <param name="model">The model's name.</param>
    /// <param name="served">What it took.</param>
    public void Add(string operation, string model, in ServedRequest served)
    {
        if (!Duration.Enabled && !FirstToken.Enabled && !PerToken.Enabled && !Tokens.Enabled)
        {
            return;
        }

        TagList tags = TagsOf(operation, model);
        Duration.Record(served.TotalSeconds, tags);
        if (!double.IsNaN(served.FirstTokenSeconds))
        {
            FirstToken.Record(served.FirstTokenSeconds, tags);
        }

        if (served.OutputTokens > 1)
        {
            PerToken.Record(served.PerTokenSeconds, tags);
        }

        TagList input = TagsOf(operation, model);
        input.Add("gen_ai.token.type", "input");
        Tokens.Record(served.PromptTokens, input);
        tags.Add("gen_ai.token.type", "output");
        Tokens.Record(served.OutputTokens, tags);
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private static TagList TagsOf(string operation, string model) => new()
    {
        { "gen_ai.operation.name", operation },
        { "gen_ai.provider.name", "inferometer" },
        { "gen_ai.request.model", model },
        { "gen_ai.response.model", model },
    };

    private static InstrumentAdvice<double> Advice(ReadOnlySpan<double> bounds) => new() { HistogramBucketBoundaries = bounds.ToArray() };
}
