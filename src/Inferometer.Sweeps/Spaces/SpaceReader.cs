using System.Globalization;
using System.Text.Json.Nodes;
using Inferometer.Core;
using Inferometer.Simulation.Configuration;

namespace Inferometer.Sweeps.Spaces;

/// <summary>
/// Reads spaces from YAML: <c>base</c> (what all points have), <c>product</c> (axes of which every combination is taken), <c>list</c> (axes
/// that go in step; one mapping, or several), <c>simulate</c> (points are services), <c>columns</c>, <c>pruned</c>. docs/sweep.md.
/// </summary>
public sealed class SpaceReader
{
    private static readonly string[] s_parts = ["base", "product", "list", "simulate", "columns", "pruned"];

    private readonly IPointReader _points;
    private readonly JsonObject _root;
    private readonly YamlPlaces _places;
    private readonly string _origin;
    private readonly Dictionary<PointSetting, string> _said = [];
    private bool _simulated;

    private SpaceReader(string text, string origin, IPointReader points)
    {
        (_points, _origin) = (points, origin);
        _root = YamlText.ParseObject(text, origin);
        _places = new YamlPlaces(text, origin);
    }

    /// <summary>Reads a space from a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="points">What can be said of points.</param>
    /// <param name="simulate">Settings of the service beside those that the file has, as <c>name=value</c>; they make points
    /// services.</param>
    /// <exception cref="InferometerException">The file cannot be read, is no YAML, or is no space; says where.</exception>
    public static SweepSpace Load(string file, IPointReader points, IReadOnlyList<string>? simulate = null)
    {
        try
        {
            return Parse(File.ReadAllText(file), file, points, simulate);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InferometerException($"{file}: cannot be read: {FileFault.Describe(error, file)}", error);
        }
    }

    /// <summary>Reads a space from text.</summary>
    /// <param name="text">YAML.</param>
    /// <param name="origin">Where it came from, for messages.</param>
    /// <param name="points">What can be said of points.</param>
    /// <param name="simulate">As for <see cref="Load"/>.</param>
    /// <exception cref="InferometerException">It is no YAML, or no space; says where.</exception>
    public static SweepSpace Parse(string text, string origin, IPointReader points, IReadOnlyList<string>? simulate = null)
    {
        ArgumentNullException.ThrowIfNull(points);
        return new SpaceReader(text, origin, points).Read(simulate ?? []);
    }

    private SweepSpace Read(IReadOnlyList<string> simulate)
    {
        foreach ((string name, _) in _root)
        {
            if (!s_parts.Contains(name, StringComparer.Ordinal))
            {
                bool isSetting = _points.Settings(simulated: true).Any(s => s.IsCalled(name.TrimStart('-')));
                string hint = isSetting
                    ? " Settings stand under 'base' (one value for all points) or 'product' (every combination)."
                    : NameSuggestion.For(name, s_parts);
                throw new InferometerException(
                    $"{_places.Of(name)}: '{name}' is not a part of a space.{hint} Allowed: {string.Join(", ", s_parts)}.");
            }
        }

        _simulated = _root.ContainsKey("simulate") || simulate.Count > 0;
        List<AxisGroup> groups = [.. Members("product").Select(m => new AxisGroup([AxisOf(m.Key, m.Value, $"product.{m.Key}")]))];
        groups.AddRange(Lists());
        List<SaidSetting> common = [.. Members("base").Select(m => One(m.Key, m.Value, $"base.{m.Key}"))];
        common.AddRange(Members("simulate").Select(m => One(m.Key, m.Value, $"simulate.{m.Key}")));
        common.AddRange(simulate.Select(Said));
        SweepSpace.RequireSize(groups, _origin);
        return new SweepSpace
        {
            Origin = _origin,
            IsSimulated = _simulated,
            Common = common,
            Groups = groups,
            Metrics = Words("columns"),
            LeavesOutPruned = Pruned(),
        };
    }

    private SaidSetting One(string name, JsonNode? value, string path)
    {
        SaidSetting said = new(Find(name, path), AxisValues.Text(value, _places.Of(path)));
        Claim(said.Setting, path);
        Check(said, path);
        return said;
    }

    private SaidSetting Said(string text)
    {
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        return equals > 0
            ? One(text[..equals].Trim(), JsonValue.Create(text[(equals + 1)..].Trim()), $"--simulate {text}")
            : throw new InferometerException($"--simulate: '{text}' is not allowed; it must be a setting of 'inferometer "
                + $"simulate', NAME=VALUE.");
    }

    private Axis AxisOf(string name, JsonNode? value, string path)
    {
        Axis axis = new(Find(name, path), AxisValues.Read(value, _places.Of(path)));
        Claim(axis.Setting, path);
        bool isList = value is JsonArray;
        for (int i = 0; i < axis.Values.Count; i++)
        {
            Check(new(axis.Setting, axis.Values[i]), isList ? string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]") : path);
        }

        return axis;
    }

    private IEnumerable<AxisGroup> Lists()
    {
        switch (_root["list"])
        {
            case null:
                return [];
            case JsonObject one:
                return [ListOf(one, "list")];
            case JsonArray several:
                return [.. several.Select((item, i) => item is JsonObject one
                    ? ListOf(one, string.Create(CultureInfo.InvariantCulture, $"list[{i}]"))
                    : throw NoMapping("list"))];
            default:
                throw NoMapping("list");
        }
    }

    private AxisGroup ListOf(JsonObject members, string path)
    {
        Axis[] axes = [.. members.Select(m => AxisOf(m.Key, m.Value, $"{path}.{m.Key}"))];
        int[] lengths = [.. axes.Select(a => a.Values.Count).Distinct().Order()];
        return lengths.Length switch
        {
            0 => throw new InferometerException($"{_places.Of(path)}: the list has no axis."),
            1 => new AxisGroup(axes),
            _ => throw new InferometerException(
                $"{_places.Of(path)}: the axes of a list go in step and must be of one length, but they have "
                + $"{string.Join(", ", axes.Select(Length))}"
                + " values."),
        };
    }

    private static string Length(Axis axis) =>
        string.Create(CultureInfo.InvariantCulture, $"{axis.Values.Count} ({axis.Setting.Name})");

    private PointSetting Find(string name, string path)
    {
        IReadOnlyList<PointSetting> known = _points.Settings(_simulated);
        string plain = name.TrimStart('-');
        if ((known.FirstOrDefault(s => s.IsCalled(plain)) ?? _points.Parameter(name)) is { } setting)
        {
            return setting;
        }

        bool ofService = !_simulated && _points.Settings(simulated: true).Any(s => s.IsCalled(plain));
        string hint = ofService ? " It is of a service; a part 'simulate' makes the points services." : "";
        throw new InferometerException(
            $"{_places.Of(path)}: '{name}' is not a setting of {(_simulated ? "a simulated service" : "an estimate")}."
            + $"{NameSuggestion.For(plain, known.Select(s => s.Name))}{hint} "
            + $"Allowed: {NameSuggestion.List(plain, [.. known.Select(s => s.Name)])}, and parameters of features such as lora.rank.");
    }

    private void Claim(PointSetting setting, string path)
    {
        if (!_said.TryAdd(setting, path))
        {
            throw new InferometerException($"{_places.Of(path)}: {setting.Name} is said twice; the other is at "
                + $"{_places.Of(_said[setting])}.");
        }
    }

    private void Check(SaidSetting said, string path)
    {
        try
        {
            _points.Check(said, _simulated);
        }
        catch (InferometerException error)
        {
            throw new InferometerException($"{_places.Of(path)}: {error.Message}", error);
        }
    }

    private JsonObject Members(string part) => _root[part] switch
    {
        null => [],
        JsonObject members => members,
        _ => throw NoMapping(part),
    };

    private IReadOnlyList<string> Words(string part) => _root[part] switch
    {
        null => [],
        JsonArray words => [.. words.Select(w => AxisValues.Text(w, _places.Of(part)))],
        JsonNode word => [AxisValues.Text(word, _places.Of(part))],
    };

    private bool Pruned() => _root["pruned"] is not { } node ? false : AxisValues.Text(node, _places.Of("pruned")) switch
    {
        "keep" => false,
        "drop" => true,
        string other => throw new InferometerException($"{_places.Of("pruned")}: '{other}' is not allowed; it must be keep or drop."),
    };

    private InferometerException NoMapping(string part) =>
        new($"{_places.Of(part)}: '{part}' must hold names with values.");
}
