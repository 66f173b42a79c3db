using System.Text.Json;

namespace Inferometer.Server.Wire;

/// <summary>How a family of routes writes errors.</summary>
internal abstract class ErrorStyle
{
    /// <summary><c>{"error": {"message", "type", "param", "code"}}</c>.</summary>
    public static ErrorStyle OpenAi { get; } = new OpenAiErrors();

    /// <summary><c>{"error": "text"}</c>: Ollama's clients show anything else as "[object Object]".</summary>
    public static ErrorStyle Ollama { get; } = new OllamaErrors();

    /// <summary>Media type of errors.</summary>
    public virtual string ContentType => "application/json";

    /// <summary>Writes an error as one document.</summary>
    public abstract void Write(Utf8JsonWriter json, ApiException error);

    private sealed class OpenAiErrors : ErrorStyle
    {
        public override void Write(Utf8JsonWriter json, ApiException error)
        {
            json.WriteStartObject();
            json.WriteStartObject("error"u8);
            json.WriteString("message"u8, error.Message);
            json.WriteString("type"u8, error.Type);
            json.WriteText("param"u8, error.Param);
            json.WriteText("code"u8, error.Code);
            json.WriteEndObject();
            json.WriteEndObject();
        }
    }

    private sealed class OllamaErrors : ErrorStyle
    {
        public override void Write(Utf8JsonWriter json, ApiException error)
        {
            json.WriteStartObject();
            json.WriteString("error"u8, error.Message);
            json.WriteEndObject();
        }
    }
}
