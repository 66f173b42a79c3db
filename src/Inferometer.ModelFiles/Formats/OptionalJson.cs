using System.Globalization;
using System.Text.Json;
using Inferometer.Core;

namespace Inferometer.ModelFiles.Formats;

/// <summary>Reads JSON files that a model can do without: one that is faulty is told of and counts as missing.</summary>
internal static class OptionalJson
{
    /// <summary>The object in a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="note">Why it is left out; null where it was read, and where there is none.</param>
    /// <returns>The document, to be disposed of; null where there is none to be had.</returns>
    public static JsonDocument? Read(string path, out string? note)
    {
        note = null;
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            var document = JsonDocument.Parse(PythonJson.Repaired(File.ReadAllBytes(path)));
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return document;
            }

            document.Dispose();
            note = $"{path}: holds no JSON object; the file is left out.";
        }
        catch (JsonException error)
        {
            note = string.Create(
                CultureInfo.InvariantCulture, $"{path}: is not valid JSON (line {error.LineNumber + 1}); the file is left out.");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            note = $"{path}: cannot be read ({FileFault.Describe(error, path)}); the file is left out.";
        }

        return null;
    }
}
