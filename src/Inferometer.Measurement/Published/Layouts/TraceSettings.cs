using System.Text.Json;
using System.Text.Json.Serialization;
using Inferometer.Core;

namespace Inferometer.Measurement.Published.Layouts;

/// <summary>The settings of a recorded run, as <c>serving_trace_RUN.json</c> holds them.</summary>
internal sealed record TraceSettings
{
    public required string Gpu { get; init; }

    public required string Model { get; init; }

    public string Vllm { get; init; } = "";

    public string Dtype { get; init; } = "bf16";

    public int TensorParallelSize { get; init; } = 1;

    public int DataParallelSize { get; init; } = 1;

    public bool EnableExpertParallel { get; init; }

    public required int MaxNumSeqs { get; init; }

    public required int MaxNumBatchedTokens { get; init; }

    public TraceCache? KvCache { get; init; }

    /// <summary>Reads a file.</summary>
    /// <exception cref="InferometerException">It is missing or malformed.</exception>
    public static TraceSettings Load(string file)
    {
        try
        {
            using FileStream stream = File.OpenRead(file);
            return JsonSerializer.Deserialize(stream, TraceJson.Default.TraceSettings)
                ?? throw new InferometerException($"{file}: the settings of the run must be a JSON object, not null.");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new InferometerException($"{file}: the settings of the run cannot be read: {FileFault.Describe(error, file)}", error);
        }
    }
}

/// <summary>The cache of a recorded run.</summary>
internal sealed record TraceCache
{
    public int? NumGpuBlocks { get; init; }

    public int BlockSize { get; init; } = 16;

    public bool EnablePrefixCaching { get; init; } = true;
}

/// <summary>Reads the settings without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(TraceSettings))]
internal sealed partial class TraceJson : JsonSerializerContext;
