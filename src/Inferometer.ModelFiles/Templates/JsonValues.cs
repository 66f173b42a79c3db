using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Inferometer.Core;
using Inferometer.ModelFiles.Templates.Jinja.Values;

namespace Inferometer.ModelFiles.Templates;

/// <summary>JSON as the values of templates, as Python's <c>json.loads</c> reads it.</summary>
internal static class JsonValues
{
    /// <exception cref="InferometerException">A text in it is no Unicode: half of a surrogate pair, which JSON can spell.</exception>
    public static JinjaValue From(JsonElement element)
    {
        try
        {
            return Convert(element);
        }
        catch (InvalidOperationException error)
        {
            throw new InferometerException($"A text of the conversation is no Unicode text: {error.Message}", error);
        }
    }

    private static JinjaValue Convert(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                OrderedDictionary<JinjaValue, JinjaValue> items = MappingValue.NewItems();
                foreach (JsonProperty property in element.EnumerateObject())
                {
                    items[new StringValue(property.Name)] = Convert(property.Value);
                }

                return new MappingValue(items);
            case JsonValueKind.Array:
                return new ListValue([.. element.EnumerateArray().Select(Convert)]);
            case JsonValueKind.String:
                return new StringValue(element.GetString()!);
            case JsonValueKind.Number:
                string written = element.GetRawText();
                return BigInteger.TryParse(written, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out BigInteger whole)
                    ? new IntegerValue(whole)
                    : new FloatValue(element.GetDouble());
            case JsonValueKind.True or JsonValueKind.False:
                return BooleanValue.Of(element.ValueKind == JsonValueKind.True);
            default:
                return NoneValue.Instance;
        }
    }
}
