using System.Text.Json.Serialization;

namespace Inferometer.Measurement.Load;

/// <summary>Readers and writers of <see cref="OpenAiMessages"/>.</summary>
[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(OpenAiMessages.Request))]
[JsonSerializable(typeof(OpenAiMessages.Chunk))]
[JsonSerializable(typeof(OpenAiMessages.ModelList))]
internal sealed partial class OpenAiJson : JsonSerializerContext;
