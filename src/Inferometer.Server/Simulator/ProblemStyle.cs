using System.Text.Json;
using Inferometer.Server.Wire;
using Microsoft.AspNetCore.WebUtilities;

namespace Inferometer.Server.Simulator;

/// <summary>Errors as RFC 9457 writes them (<c>application/problem+json</c>), with the field and a word for programs beside them.</summary>
internal sealed class ProblemStyle : ErrorStyle
{
    private ProblemStyle()
    {
    }

    /// <summary>The style.</summary>
    public static ErrorStyle Problem { get; } = new ProblemStyle();

    /// <inheritdoc/>
    public override string ContentType => "application/problem+json";

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter json, ApiException error)
    {
        json.WriteStartObject();
        WriteMembers(json, error);
        json.WriteEndObject();
    }

    /// <summary>The members that every problem has.</summary>
    public static void WriteMembers(Utf8JsonWriter json, ApiException error)
    {
        json.WriteString("title"u8, ReasonPhrases.GetReasonPhrase(error.Status));
        json.WriteNumber("status"u8, error.Status);
        json.WriteString("detail"u8, error.Message);
        json.WriteText("code"u8, error.Code);
        if (error.Param is { } field)
        {
            json.WriteString("field"u8, field);
        }
    }
}
