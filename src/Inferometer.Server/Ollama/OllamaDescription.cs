using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Inferometer.Core.Models;
using Inferometer.ModelFiles.Generation;
using Inferometer.Server.Generation;

namespace Inferometer.Server.Ollama;

/// <summary>What Ollama's API tells of the model that is served.</summary>
internal sealed class OllamaDescription(ModelService service)
{
    private readonly Lazy<string> _digest = new(() => DigestOf(service.Model));

    private ServedModel Model => service.Model;

    /// <summary>The answer to <c>/api/show</c>.</summary>
    public void WriteWhole(Utf8JsonWriter json)
    {
        ModelArchitecture architecture = Model.Files.Architecture;
        string family = architecture.ModelType;
        string parameters = ParametersOf(Model.Engine.SamplingDefaults);
        json.WriteStartObject();
        json.WriteString("modelfile"u8, ModelFileOf(parameters));
        json.WriteString("parameters"u8, parameters);
        json.WriteString("template"u8, Model.Engine.Tokenizer.ChatTemplateText ?? "");
        json.WriteString("modified_at"u8, Model.LoadedAt);
        WriteDetails(json);
        json.WriteStartObject("model_info"u8);
        json.WriteString("general.architecture"u8, family);
        json.WriteString("general.basename"u8, architecture.Name);
        json.WriteNumber("general.parameter_count"u8, Model.Files.Parameters);
        json.WriteNumber($"{family}.context_length", Model.Engine.MaxSequenceTokens);
        json.WriteNumber($"{family}.embedding_length", architecture.HiddenSize);
        json.WriteNumber($"{family}.block_count", architecture.LayerCount);
        json.WriteNumber($"{family}.vocab_size", architecture.VocabularySize);
        json.WriteEndObject();
        json.WriteStartArray("capabilities"u8);
        json.WriteStringValue("completion"u8);
        json.WriteStringValue("embedding"u8);
        if (service.Format.TakesTools && service.Format.ToolCalls is not null)
        {
            json.WriteStringValue("tools"u8);
        }

        if (service.Format.HasReasoning)
        {
            json.WriteStringValue("thinking"u8);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>The answers to <c>/api/tags</c> and <c>/api/ps</c>.</summary>
    public void WriteList(Utf8JsonWriter json, bool isRunning)
    {
        json.WriteStartObject();
        json.WriteStartArray("models"u8);
        json.WriteStartObject();
        json.WriteString("name"u8, Model.Name);
        json.WriteString("model"u8, Model.Name);
        json.WriteNumber("size"u8, Model.Files.FileBytes);
        json.WriteString("digest"u8, _digest.Value);
        WriteDetails(json);
        if (isRunning)
        {
            json.WriteNumber("size_vram"u8, 0); // it lies in the memory of the processor
            json.WriteNumber("context_length"u8, Model.Engine.MaxSequenceTokens);
            json.WriteString("expires_at"u8, DateTimeOffset.MaxValue.UtcDateTime);
        }
        else
        {
            json.WriteString("modified_at"u8, Model.LoadedAt);
        }

        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void WriteDetails(Utf8JsonWriter json)
    {
        string family = Model.Files.Architecture.ModelType;
        json.WriteStartObject("details"u8);
        json.WriteString("parent_model"u8, ""u8);
        json.WriteString("format"u8, Model.Files.Format.StartsWith("GGUF", StringComparison.Ordinal) ? "gguf"u8 : "safetensors"u8);
        json.WriteString("family"u8, family);
        json.WriteStartArray("families"u8);
        json.WriteStringValue(family);
        json.WriteEndArray();
        json.WriteString("parameter_size"u8, SizeOf(Model.Files.Parameters));
        json.WriteString("quantization_level"u8, Model.Files.MainType.ToString());
        json.WriteEndObject();
    }

    private string ModelFileOf(string parameters)
    {
        StringBuilder text = new();
        text.Append("FROM ").Append(Model.Name).Append('\n');
        foreach (string line in parameters.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            text.Append("PARAMETER ").Append(line).Append('\n');
        }

        return text.ToString();
    }

    /// <summary>What the model's makers recommend, one a line, in Ollama's names.</summary>
    private static string ParametersOf(SamplingDefaults defaults)
    {
        (string Name, double? Value)[] all =
        [
            ("temperature", defaults.Temperature), ("top_k", defaults.TopK), ("top_p", defaults.TopP), ("min_p", defaults.MinP),
            ("repeat_penalty", defaults.RepetitionPenalty),
        ];
        return string.Join('\n', all.Where(one => one.Value is not null)
            .Select(one => string.Create(CultureInfo.InvariantCulture, $"{one.Name} {(float)one.Value!.Value}")));
    }

    /// <summary>
    /// A digest that tells one model from another: over what is known of its files without reading them through. Ollama's command line
    /// shows its first twelve letters and takes it for granted that they are there.
    /// </summary>
    private static string DigestOf(ServedModel model) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(
        string.Create(
            CultureInfo.InvariantCulture,
            $"{model.Files.Name}\n{model.Files.Format}\n{model.Files.FileBytes}\n{model.Files.Parameters}\n{model.Files.TensorBytes}"))));

    private static string SizeOf(long parameters) => parameters >= 1_000_000_000
        ? string.Create(CultureInfo.InvariantCulture, $"{parameters / 1e9:0.0}B")
        : string.Create(CultureInfo.InvariantCulture, $"{parameters / 1e6:0.0}M");
}
