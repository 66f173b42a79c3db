using System.Collections.Concurrent;
using System.Globalization;

namespace Inferometer.Server.Metrics;

/// <summary>Answers by route and status, whoever gave them. Thread-safe.</summary>
internal sealed class ResponseCounts
{
    private const string Name = "inferometer_http_responses_total";

    private readonly ConcurrentDictionary<(string Route, int Status), long> _responses = new();

    /// <summary>Counts an answer, however it went.</summary>
    public void Add(string route, int status) => _responses.AddOrUpdate((route, status), 1, static (_, count) => count + 1);

    /// <summary>Writes the counts.</summary>
    public void Write(PrometheusText text)
    {
        text.Begin(Name, "counter", "Answers by route and status.");
        foreach (((string route, int status), long count) in _responses.OrderBy(r => r.Key.Route, StringComparer.Ordinal))
        {
            string code = status.ToString(CultureInfo.InvariantCulture);
            text.Sample(Name, $"route=\"{PrometheusText.Escape(route)}\",code=\"{code}\"", count);
        }
    }
}
