using System.Globalization;
using System.Text.Json;
using Inferometer.Core;

namespace Inferometer.Measurement.Evaluation;

/// <summary>A prompt and what is to be answered to it.</summary>
/// <param name="Prompt">The prompt.</param>
/// <param name="References">Right answers, at least one.</param>
public sealed record ReferenceText(string Prompt, IReadOnlyList<string> References)
{
    /// <summary>Reads a file of JSON lines, <c>{"prompt": ..., "reference": ...}</c>, where the reference may be a list of texts.</summary>
    /// <param name="file">The file.</param>
    /// <exception cref="InferometerException">It cannot be read, or a line is not so; the message names it.</exception>
    public static IReadOnlyList<ReferenceText> Read(string file)
    {
        try
        {
            ReferenceText[] all =
            [
                .. File.ReadLines(file).Select((line, i) => (line, i)).Where(l => !string.IsNullOrWhiteSpace(l.line))
                    .Select(l => Parse(l.line, $"{file}, line {(l.i + 1).ToString(CultureInfo.InvariantCulture)}")),
            ];
            return all.Length > 0 ? all : throw new InferometerException($"{file}: there is no line in it.");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InferometerException($"{file}: cannot be read: {FileFault.Describe(error, file)}", error);
        }
    }

    private static ReferenceText Parse(string line, string origin)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            JsonElement root = document.RootElement;
            if (root.ValueKind is JsonValueKind.Object && root.TryGetProperty("prompt", out JsonElement prompt)
                && prompt.ValueKind is JsonValueKind.String && root.TryGetProperty("reference", out JsonElement reference))
            {
                JsonElement[] texts = reference.ValueKind is JsonValueKind.Array ? [.. reference.EnumerateArray()] : [reference];
                if (texts.Length > 0 && Array.TrueForAll(texts, t => t.ValueKind is JsonValueKind.String))
                {
                    return new ReferenceText(prompt.GetString()!, [.. texts.Select(t => t.GetString()!)]);
                }
            }
        }
        catch (JsonException error)
        {
            throw new InferometerException($"{origin}: it is not JSON: {JsonFault.Describe(error)}", error);
        }

        throw new InferometerException($"{origin}: wanted is an object with the text 'prompt' and 'reference', a text or a list of texts.");
    }
}
