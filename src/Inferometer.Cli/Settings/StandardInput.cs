using System.Globalization;
using System.Text;
using Inferometer.Core;

namespace Inferometer.Cli.Settings;

/// <summary>Text on standard input.</summary>
internal static class StandardInput
{
    /// <summary>All of it.</summary>
    /// <exception cref="InferometerException">It is no text in the console's encoding, UTF-8 as a rule.</exception>
    public static string ReadText()
    {
        using Stream input = Console.OpenStandardInput();
        return ReadText(input, Console.InputEncoding);
    }

    /// <summary>All of a stream, which a console's own reader would fill with U+FFFD where it cannot read it, and say nothing.</summary>
    internal static string ReadText(Stream input, Encoding encoding)
    {
        var strict = Encoding.GetEncoding(encoding.CodePage, EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback);
        using StreamReader reader = new(input, strict, detectEncodingFromByteOrderMarks: true);
        try
        {
            return reader.ReadToEnd();
        }
        catch (DecoderFallbackException error)
        {
            IEnumerable<string> bytes = (error.BytesUnknown ?? []).Select(b => b.ToString("x2", CultureInfo.InvariantCulture));
            throw new InferometerException(
                $"Standard input holds bytes that are no {strict.WebName.ToUpperInvariant()} text: {string.Join(' ', bytes)}.", error);
        }
    }
}
