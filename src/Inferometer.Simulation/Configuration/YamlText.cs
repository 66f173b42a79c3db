using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Inferometer.Simulation.Configuration;

/// <summary>
/// Reads YAML into JSON nodes and writes them back. Plain scalars are typed by the YAML 1.2 core schema; aliases are refused, so a small
/// file cannot unfold into a huge one.
/// </summary>
public static partial class YamlText
{
    private const int MaximumDepth = 64;

    /// <summary>Reads one YAML document whose root is a mapping.</summary>
    /// <param name="text">The document.</param>
    /// <param name="origin">Where it came from, for errors.</param>
    /// <exception cref="Core.InferometerException">Not YAML, nested deeper than 64 levels, more than one document, or not a
    /// mapping.</exception>
    public static JsonObject ParseObject(string text, string origin)
    {
        YamlStream stream = [];
        DepthLimitedParser parser = new(new Parser(new StringReader(text)), MaximumDepth, origin);
        try
        {
            stream.Load(parser);
        }
        catch (Exception error) when (error is YamlException or InvalidOperationException or ArgumentException)
        {
            throw YamlFault.Of(error, text, origin, parser.Open);
        }

        if (stream.Documents.Count != 1)
        {
            throw new Core.InferometerException(
                $"{origin}: it holds {(stream.Documents.Count == 0 ? "nothing" : "several documents")}; it must hold one YAML mapping "
                    + "(names with values).");
        }

        if (Convert(stream.Documents[0].RootNode, origin, new(ReferenceEqualityComparer.Instance)) is not JsonObject root)
        {
            throw new Core.InferometerException(
                $"{origin}: it holds a {(stream.Documents[0].RootNode is YamlSequenceNode ? "list" : "single value")}; it must hold one "
                    + "YAML mapping (names with values).");
        }

        return root;
    }

    /// <summary>Writes a JSON object as block-style YAML that <see cref="ParseObject"/> reads back unchanged.</summary>
    public static string Write(JsonObject value)
    {
        using StringWriter writer = new(CultureInfo.InvariantCulture);
        YamlStream stream = new(new YamlDocument(Convert(value)));
        stream.Save(writer, assignAnchors: false);
        return writer.ToString().Replace("\r\n", "\n", StringComparison.Ordinal).Replace("...\n", "", StringComparison.Ordinal);
    }

    private static JsonNode? Convert(YamlNode node, string origin, HashSet<YamlNode> seen)
    {
        // The library puts the anchored node itself in the place of every alias.
        if (!seen.Add(node))
        {
            throw new Core.InferometerException(
                $"{PlaceOf(node, origin)}: the value that is anchored here is used again by an alias, which is not supported; write it "
                    + "out.");
        }

        switch (node)
        {
            case YamlMappingNode mapping:
                JsonObject result = [];
                foreach ((YamlNode key, YamlNode value) in mapping)
                {
                    string name = (key as YamlScalarNode)?.Value
                        ?? throw new Core.InferometerException(
                            $"{PlaceOf(key, origin)}: the name is a list or a mapping; it must be a plain text.");
                    result[name] = Convert(value, origin, seen);
                }

                return result;
            case YamlSequenceNode sequence:
                return new JsonArray([.. sequence.Select(item => Convert(item, origin, seen))]);
            case YamlScalarNode scalar:
                return Scalar(scalar);
            default:
                throw new Core.InferometerException($"{PlaceOf(node, origin)}: an {node.NodeType} is not supported; write the value out.");
        }
    }

    private static string PlaceOf(YamlNode node, string origin) =>
        string.Create(CultureInfo.InvariantCulture, $"{origin}, line {node.Start.Line}, column {node.Start.Column}");

    private static JsonNode? Scalar(YamlScalarNode scalar)
    {
        string text = scalar.Value ?? "";
        if (scalar.Style != ScalarStyle.Plain)
        {
            return JsonValue.Create(text);
        }

        return text switch
        {
            "" or "~" or "null" or "Null" or "NULL" => null,
            "true" or "True" or "TRUE" => JsonValue.Create(true),
            "false" or "False" or "FALSE" => JsonValue.Create(false),
            _ when Number().IsMatch(text) => JsonValue.Create(double.Parse(text, CultureInfo.InvariantCulture)),
            _ => JsonValue.Create(text),
        };
    }

    private static YamlNode Convert(JsonNode? node) => node switch
    {
        JsonObject value =>
            new YamlMappingNode(value.Select(m => KeyValuePair.Create<YamlNode, YamlNode>(new YamlScalarNode(m.Key), Convert(m.Value)))),
        JsonArray value => new YamlSequenceNode(value.Select(Convert)),
        null => new YamlScalarNode("null"),
        JsonValue value when value.TryGetValue(out string? text) => new YamlScalarNode(text)
        {
            // Quoted where a plain scalar would read back as another type.
            Style = Scalar(new YamlScalarNode(text) { Style = ScalarStyle.Plain }) is JsonValue plain && plain.TryGetValue(out string? same)
                && string.Equals(same, text, StringComparison.Ordinal) ? ScalarStyle.Any : ScalarStyle.DoubleQuoted,
        },
        _ => new YamlScalarNode(node.ToJsonString()),
    };

    [GeneratedRegex(@"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Number();
}
