using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Inferometer.ModelFiles.Templates.Jinja.Values;

namespace Inferometer.ModelFiles.Templates;

/// <summary>JSON as the values of templates, as Python's <c>json.loads</c> reads it.</summary>
internal static class JsonValues
{
    public static JinjaValue From(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                OrderedDictionary<JinjaValue, JinjaValue> items = MappingValue.NewItems();
                foreach (JsonProperty property in element.EnumerateObject())
                {
                    items[new StringValue(property.Name)] = From(property.Value);
                }

                return new MappingValue(items);
            case JsonValueKind.Array:
                return new ListValue([.. element.EnumerateArray().Select(From)]);
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
