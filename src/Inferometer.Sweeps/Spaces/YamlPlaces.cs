using System.Globalization;
using YamlDotNet.RepresentationModel;

namespace Inferometer.Sweeps.Spaces;

/// <summary>Where the parts of a YAML text stand, for messages. The text has been read before, so that it is sound.</summary>
internal sealed class YamlPlaces
{
    private readonly Dictionary<string, string> _places = new(StringComparer.Ordinal);
    private readonly string _origin;

    /// <summary>Finds the places of a text.</summary>
    public YamlPlaces(string text, string origin)
    {
        _origin = origin;
        YamlStream stream = [];
        stream.Load(new StringReader(text));
        Visit(stream.Documents[0].RootNode, "");
    }

    /// <summary>File, line and column of a part, such as <c>product.tp</c> or <c>product.tp[2]</c>; of the whole text where there is
    /// none.</summary>
    public string Of(string path) => _places.TryGetValue(path, out string? place) ? place : _origin;

    private void Visit(YamlNode node, string path)
    {
        switch (node)
        {
            case YamlMappingNode mapping:
                foreach ((YamlNode key, YamlNode value) in mapping)
                {
                    string below = path.Length == 0 ? ((YamlScalarNode)key).Value! : $"{path}.{((YamlScalarNode)key).Value}";
                    Put(below, key);
                    Visit(value, below);
                }

                break;
            case YamlSequenceNode sequence:
                for (int i = 0; i < sequence.Children.Count; i++)
                {
                    string below = string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]");
                    Put(below, sequence.Children[i]);
                    Visit(sequence.Children[i], below);
                }

                break;
        }
    }

    private void Put(string path, YamlNode node) => _places[path] = string.Create(
        CultureInfo.InvariantCulture, $"{_origin}, line {node.Start.Line}, column {node.Start.Column}");
}
