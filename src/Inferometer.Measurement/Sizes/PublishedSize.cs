namespace Inferometer.Measurement.Sizes;

/// <summary>A figure of memory that someone measured and published: a file, loaded weights, a cache of keys and values.</summary>
/// <param name="Source">Address of the publication.</param>
/// <param name="Model">The model in the words of the source.</param>
/// <param name="Precision">Formats in the words of the source, such as <c>Q4_K_M GGUF</c> or <c>fp8 weights, bf16 KV</c>.</param>
/// <param name="Settings">Parallelism, tokens, memory that was free.</param>
/// <param name="Metric">What was measured, with its unit.</param>
/// <param name="Reported">The figure.</param>
public sealed record PublishedSize(string Source, string Model, string Precision, string Settings, string Metric, double Reported);
