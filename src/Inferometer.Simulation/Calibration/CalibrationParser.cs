using System.Globalization;
using System.Text.Json;
using Inferometer.Core;
using Inferometer.Core.Catalog;

namespace Inferometer.Simulation.Calibration;

/// <summary>Reads the JSON of a calibration; every error names the file, the field and the value.</summary>
internal sealed class CalibrationParser(string source)
{
    private const double MostFactor = 1000;

    // From next to nothing, which is believed of a deployment that nobody measured, to all that a coefficient may be.
    private const double MostOfNothing = 1e10;

    /// <param name="root">The JSON.</param>
    /// <param name="standsOnAnother">Whether its layers go on top of another calibration, whose base and kinship hold.</param>
    public CalibrationSet Set(JsonElement root, bool standsOnAnother)
    {
        Known(root, "", "name", "source", "base", "kinship", "layers", "bands");
        if (standsOnAnother)
        {
            RefuseOnAnother(root, "base");
            RefuseOnAnother(root, "kinship");
        }

        Coefficients coefficients = Coefficients.Priors;
        if (root.TryGetProperty("base", out JsonElement values))
        {
            foreach (JsonProperty property in Object(values, "base").EnumerateObject())
            {
                Coefficient coefficient = CoefficientTable.Find(property.Name, $"{source}: base");
                CoefficientInfo info = CoefficientTable.Of(coefficient);
                double value = Number(property.Value, "base." + property.Name);
                if (value < info.Least || value > info.Most)
                {
                    throw Wrong("base." + property.Name, property.Value, FormattableString.Invariant($"from {info.Least} to {info.Most}"));
                }

                coefficients = coefficients.With(coefficient, value);
            }
        }

        EquatableList<CalibrationLayer> layers =
            [.. Array(root, "layers").Select((layer, i) => Layer(layer, FormattableString.Invariant($"layers[{i}]")))];
        return new CalibrationSet
        {
            Name = Text(root, "", "name") ?? throw new InferometerException($"{source}: the field 'name' is missing."),
            Source = Text(root, "", "source") ?? "",
            Base = coefficients,
            Layers = layers,
            Kinship = root.TryGetProperty("kinship", out JsonElement kinship)
                ? new Kinship([.. Shares(kinship)], [.. layers.Where(layer => layer is { IsGroup: true, Runs: > 0 })])
                : null,
            Bands = [.. Array(root, "bands").Select((band, i) => Band(band, FormattableString.Invariant($"bands[{i}]")))],
        };
    }

    private void RefuseOnAnother(JsonElement root, string field)
    {
        if (root.TryGetProperty(field, out _))
        {
            throw new InferometerException(
                $"{source}: '{field}' is of a whole calibration, as 'fit' writes it; this file stands on the one that ships and may hold "
                    + "'layers' and 'bands', as 'calibrate --catalog FOLDER' writes them.");
        }
    }

    public static string NameOf<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());

    private IEnumerable<KinShare> Shares(JsonElement e)
    {
        foreach (JsonProperty property in Object(e, "kinship").EnumerateObject())
        {
            Coefficient coefficient = CoefficientTable.Find(property.Name, $"{source}: kinship");
            string path = "kinship." + property.Name;
            Known(property.Value, path, "model_on_device", "model_served", "model_in_format");
            KinShare share = new(
                coefficient, Share("model_on_device"), Share("model_served"), Share("model_in_format"));
            yield return share.Sum < 1 ? share : throw Wrong(path, property.Value, "shares that are less than 1 together");

            double Share(string name) => !property.Value.TryGetProperty(name, out JsonElement value) ? 0
                : Number(value, $"{path}.{name}") is >= 0 and < 1 and var given ? given
                : throw Wrong($"{path}.{name}", value, "from 0 to less than 1");
        }
    }

    private CalibrationLayer Layer(JsonElement e, string path)
    {
        Known(e, path, "framework", "device_class", "architecture", "device", "model", "shape", "format", "release", "runs", "timings",
            "source", "factors");
        List<CoefficientFactor> factors = [];
        if (e.TryGetProperty("factors", out JsonElement given))
        {
            foreach (JsonProperty property in Object(given, path + ".factors").EnumerateObject())
            {
                double factor = Number(property.Value, $"{path}.factors.{property.Name}");
                Coefficient coefficient = CoefficientTable.Find(property.Name, $"{source}: {path}.factors");
                double most = CoefficientTable.Of(coefficient).Own ? MostOfNothing : MostFactor;
                factors.Add(new(
                    coefficient,
                    factor > 1 / most && factor < most ? factor : throw Wrong(
                        $"{path}.factors.{property.Name}", property.Value,
                        string.Create(CultureInfo.InvariantCulture, $"a factor between {1 / most} and {most}"))));
            }
        }

        return new CalibrationLayer
        {
            Framework = Text(e, path, "framework") is { } name ? FrameworkCatalog.Find(name, $"{source}: {path}.framework").Name : null,
            DeviceClass = Text(e, path, "device_class") is { } kind ? Enumerated<DeviceClass>(kind, path + ".device_class") : null,
            Architecture = Text(e, path, "architecture"),
            Device = Text(e, path, "device"),
            Model = Text(e, path, "model"),
            Shape = Text(e, path, "shape"),
            Format = Text(e, path, "format"),
            Release = Text(e, path, "release"),
            Runs = e.TryGetProperty("runs", out JsonElement runs) ? Count(runs, path + ".runs") : 0,
            Timings = e.TryGetProperty("timings", out JsonElement timings) ? Count(timings, path + ".timings") : 0,
            Source = Text(e, path, "source") ?? "",
            Factors = [.. factors],
        };
    }

    private CalibrationBand Band(JsonElement e, string path)
    {
        Known(e, path, "framework", "familiarity", "metric", "runs", "p90", "p50");
        (double low90, double high90) = Range(e, path, "p90");
        (double low50, double high50) = Range(e, path, "p50");
        CalibrationBand band = new(
            Enumerated<Familiarity>(Text(e, path, "familiarity") ?? "", path + ".familiarity"),
            Enumerated<CalibratedMetric>(Text(e, path, "metric") ?? "", path + ".metric"),
            e.TryGetProperty("runs", out JsonElement runs) ? Count(runs, path + ".runs") : 0,
            low90,
            low50,
            high50,
            high90)
        {
            Framework = Text(e, path, "framework") is { } name ? FrameworkCatalog.Find(name, $"{source}: {path}.framework").Name : null,
        };
        return band is { Low90: > 0 and <= 1, High90: >= 1 } && low50 >= low90 && low50 <= 1 && high50 >= 1 && high50 <= high90 ? band
            : throw new InferometerException($"{source}: {path}: p50 must lie within p90 and both must hold 1.");
    }

    private (double Low, double High) Range(JsonElement e, string path, string name) =>
        e.TryGetProperty(name, out JsonElement pair) && pair.ValueKind == JsonValueKind.Array && pair.GetArrayLength() == 2
            ? (Number(pair[0], $"{path}.{name}[0]"), Number(pair[1], $"{path}.{name}[1]"))
            : throw new InferometerException($"{source}: the field '{path}.{name}' should be an array of two numbers.");

    private T Enumerated<T>(string text, string path)
        where T : struct, Enum
    {
        foreach (T value in Enum.GetValues<T>())
        {
            if (string.Equals(NameOf(value), text, StringComparison.Ordinal))
            {
                return value;
            }
        }

        throw new InferometerException(
            $"{source}: the field '{path}' is '{text}'; allowed: {string.Join(", ", Enum.GetValues<T>().Select(NameOf))}.");
    }

    private void Known(JsonElement e, string path, params ReadOnlySpan<string> names)
    {
        foreach (JsonProperty property in Object(e, path).EnumerateObject())
        {
            if (!names.Contains(property.Name))
            {
                throw new InferometerException(
                    $"{source}: '{(path.Length > 0 ? path + "." : "")}{property.Name}' is not known."
                        + NameSuggestion.For(property.Name, names.ToArray()));
            }
        }
    }

    private JsonElement Object(JsonElement e, string path) =>
        e.ValueKind == JsonValueKind.Object ? e : throw Wrong(path.Length > 0 ? path : "(file)", e, "an object");

    private IEnumerable<JsonElement> Array(JsonElement root, string name) =>
        !root.TryGetProperty(name, out JsonElement e) ? []
            : e.ValueKind == JsonValueKind.Array ? e.EnumerateArray()
            : throw Wrong(name, e, "an array");

    private string? Text(JsonElement e, string path, string name) =>
        !e.TryGetProperty(name, out JsonElement value) ? null
            : value.ValueKind == JsonValueKind.String ? value.GetString()
            : throw Wrong($"{path}.{name}", value, "a string");

    private double Number(JsonElement e, string path) =>
        e.ValueKind == JsonValueKind.Number && e.TryGetDouble(out double value) && double.IsFinite(value) ? value
            : throw Wrong(path, e, "a finite number");

    private int Count(JsonElement e, string path) =>
        e.ValueKind == JsonValueKind.Number && e.TryGetInt32(out int value) && value >= 0 ? value
            : throw Wrong(path, e, "a whole number of at least 0");

    private InferometerException Wrong(string path, JsonElement value, string allowed)
    {
        string text = value.GetRawText();
        return new InferometerException(
            $"{source}: the field '{path.TrimStart('.')}' is {(text.Length > 60 ? text[..60] + "..." : text)}; it should be {allowed}.");
    }
}
