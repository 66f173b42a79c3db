using System.Globalization;
using System.Text.Json;

namespace Inferometer.Core;

/// <summary>Says in this program's words why a text is no JSON: the runtime counts places from zero and tells of its own parser.</summary>
public static class JsonFault
{
    /// <summary>The place and the reason, such as <c>line 1, column 11: '}' is an invalid start of a value.</c></summary>
    /// <param name="error">What the parser threw; the message of anything but a <see cref="JsonException"/> is left as it is.</param>
    public static string Describe(Exception error)
    {
        ArgumentNullException.ThrowIfNull(error);
        if (error is not JsonException json)
        {
            return error.Message;
        }

        string reason = Reason(json);
        return IsOfNothing(json) || json.LineNumber is not { } line
            ? reason
            : string.Create(CultureInfo.InvariantCulture, $"line {line + 1}, column {json.BytePositionInLine + 1}: {reason}");
    }

    /// <summary>The reason alone.</summary>
    /// <param name="error">What the parser threw.</param>
    public static string Reason(JsonException error)
    {
        ArgumentNullException.ThrowIfNull(error);
        if (IsOfNothing(error))
        {
            return "there is nothing in it.";
        }

        if (error.Message.StartsWith("Expected depth to be zero", StringComparison.Ordinal))
        {
            return "it ends before an object or a list that it opened is closed.";
        }

        // The runtime appends the place to its reason, behind the path within the document where it knows one.
        int place = error.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        int path = error.Message.IndexOf(" Path: ", StringComparison.Ordinal);
        int end = path >= 0 && (place < 0 || path < place) ? path : place;
        return end < 0 ? error.Message : error.Message[..end];
    }

    private static bool IsOfNothing(JsonException error) =>
        error.Message.Contains("does not contain any JSON tokens", StringComparison.Ordinal);
}
