using System.Globalization;
using Inferometer.Core;

namespace Inferometer.History.Gates;

/// <summary>How much worse a figure may become.</summary>
/// <param name="Key">The figure's key.</param>
/// <param name="MaxRegression">The most, as a share of the baseline's figure; 0.05 is 5 %. Null = that of the gate.</param>
public sealed record GateLimit(string Key, double? MaxRegression)
{
    /// <summary>Reads a share: <c>5%</c>, <c>0.05</c>.</summary>
    /// <param name="text">The text.</param>
    /// <param name="origin">Where it came from, for the error.</param>
    /// <exception cref="InferometerException">It is none, not from 0 to 1000 %, or above 1 without a sign of per cent: 5 would be 500
    /// %.</exception>
    public static double ReadShare(string text, string origin)
    {
        ArgumentNullException.ThrowIfNull(text);
        bool percent = text.EndsWith('%');
        string digits = percent ? text[..^1].TrimEnd() : text;
        bool isNumber = double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number);
        if (isNumber && !percent && number > 1)
        {
            throw new InferometerException(string.Create(
                CultureInfo.InvariantCulture,
                $"{origin}: '{text}' would be {number * 100:0.##} %; write {digits}% for {digits} %, or {number * 100:0.##}%."));
        }

        return isNumber && number / (percent ? 100 : 1) is >= 0 and <= 10 and var share
            ? share
            : throw new InferometerException(
                $"{origin}: '{text}' is not allowed; it must be a share from 0 to 1000 %, such as 5% or 0.05.");
    }

    /// <summary>Reads a limit: <c>median_ttft_ms</c>, or <c>median_ttft_ms:10%</c>.</summary>
    /// <param name="text">The text.</param>
    /// <param name="origin">Where it came from, for the error.</param>
    /// <exception cref="InferometerException">It is none.</exception>
    public static GateLimit Parse(string text, string origin)
    {
        ArgumentNullException.ThrowIfNull(text);
        int colon = text.LastIndexOf(':');
        string key = (colon < 0 ? text : text[..colon]).Trim();
        return key.Length > 0
            ? new GateLimit(key, colon < 0 ? null : ReadShare(text[(colon + 1)..].Trim(), origin))
            : throw new InferometerException(
                $"{origin}: '{text}' is not allowed; it must be a figure, or a figure and its limit, such as median_ttft_ms:10%.");
    }
}
