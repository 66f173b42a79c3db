using System.Globalization;
using System.Text;

namespace Inferometer.Reports.Documents;

/// <summary>Text on one line, in which nothing is invisible.</summary>
public static class VisibleText
{
    /// <summary>The text in quotes, with line ends and other control characters written as escapes.</summary>
    public static string Of(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        StringBuilder quoted = new("\"", text.Length + 2);
        foreach (char c in text)
        {
            quoted.Append(c switch
            {
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                '"' or '\\' => "\\" + c,
                _ when char.IsControl(c) => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => c.ToString(),
            });
        }

        return quoted.Append('"').ToString();
    }
}
