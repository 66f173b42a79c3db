using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json;
using Inferometer.Core;

namespace Inferometer.Simulation.Calibration;

/// <summary>Calibrations as JSON, for <c>catalog/calibration</c> and for files of a user's own. Docs: docs/fidelity.md.</summary>
public static class CalibrationFile
{
    private const string Folder = "calibration/";
    private const string Serving = "serving";
    private static readonly JsonWriterOptions Written = new() { Indented = true, NewLine = "\n" };

    /// <summary>Reads a file.</summary>
    /// <exception cref="InferometerException">It cannot be read or is unsound; the message names file, field and value.</exception>
    public static CalibrationSet Read(string path) => Read(path, standsOnAnother: false);

    private static CalibrationSet Read(string path, bool standsOnAnother)
    {
        ArgumentNullException.ThrowIfNull(path);
        try
        {
            return Parse(File.ReadAllText(path), path, standsOnAnother);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InferometerException($"{path}: cannot be read: {FileFault.Describe(error, path)}", error);
        }
    }

    /// <summary>The calibration that ships with the program, under those of a folder's subfolder <c>calibration</c>.</summary>
    /// <returns>Null where there is no such subfolder.</returns>
    /// <exception cref="InferometerException">A file cannot be read or is unsound, or states what only the one that ships states: its base
    /// or kinship, which cannot stand on another.</exception>
    public static CalibrationSet? WithFolder(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        string own = Path.Combine(folder, Folder);
        return Directory.Exists(own)
            ? Directory.EnumerateFiles(own, "*.json").Order(StringComparer.Ordinal)
                .Aggregate(CalibrationSet.BuiltIn, (set, file) => set.With(Read(file, standsOnAnother: true)))
            : null;
    }

    /// <summary>Reads a text.</summary>
    /// <param name="json">The text.</param>
    /// <param name="source">Where it came from, for errors.</param>
    /// <exception cref="InferometerException">It is unsound.</exception>
    public static CalibrationSet Parse(string json, string source) => Parse(json, source, standsOnAnother: false);

    private static CalibrationSet Parse(string json, string source, bool standsOnAnother)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            return new CalibrationParser(source).Set(document.RootElement, standsOnAnother);
        }
        catch (JsonException error)
        {
            throw new InferometerException($"{source}: not valid JSON: {JsonFault.Describe(error)}", error);
        }
    }

    /// <summary>Writes a calibration: equal ones give equal bytes.</summary>
    public static string Write(CalibrationSet set) => Write(set, withBase: true);

    /// <summary>Writes the layers and bands of one that stands on another.</summary>
    public static string WriteLayers(CalibrationSet set) => Write(set, withBase: false);

    private static string Write(CalibrationSet set, bool withBase)
    {
        ArgumentNullException.ThrowIfNull(set);
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream, Written))
        {
            writer.WriteStartObject();
            writer.WriteString("name", set.Name);
            writer.WriteString("source", set.Source);
            if (withBase)
            {
                writer.WriteStartObject("base");
                foreach (CoefficientInfo info in CoefficientTable.All)
                {
                    writer.WritePropertyName(info.Name);
                    Number(writer, set.Base[info.Coefficient]);
                }

                writer.WriteEndObject();
            }

            if (set.Kinship is { } kinship && withBase)
            {
                Kin(writer, kinship);
            }

            writer.WriteStartArray("layers");
            foreach (CalibrationLayer layer in set.Layers)
            {
                Layer(writer, layer);
            }

            writer.WriteEndArray();
            writer.WriteStartArray("bands");
            foreach (CalibrationBand band in set.Bands)
            {
                Band(writer, band);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray()) + "\n";
    }

    // All files of the folder, in order of their names; base coefficients are those of serving.json.
    internal static CalibrationSet ReadBuiltIn()
    {
        Assembly assembly = typeof(CalibrationFile).Assembly;
        List<CalibrationSet> sets = [];
        foreach (string name in assembly.GetManifestResourceNames().Where(n => n.StartsWith(Folder, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal))
        {
            using StreamReader reader = new(assembly.GetManifestResourceStream(name)!);
            sets.Add(Parse(reader.ReadToEnd(), "catalog/" + name));
        }

        CalibrationSet serving = sets.Find(s => string.Equals(s.Name, Serving, StringComparison.Ordinal))
            ?? throw new InferometerException("The program was built without catalog/calibration/serving.json.");
        return sets.Where(s => s != serving).Aggregate(serving, (all, next) => all.With(next));
    }

    private static void Kin(Utf8JsonWriter writer, Kinship kinship)
    {
        writer.WriteStartObject("kinship");
        foreach (KinShare share in kinship.Shares)
        {
            writer.WriteStartObject(CoefficientTable.Of(share.Coefficient).Name);
            Share("model_on_device", share.ModelOnDevice);
            Share("model_served", share.ModelServed);
            Share("model_in_format", share.ModelInFormat);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();

        void Share(string name, double value)
        {
            if (value > 0)
            {
                writer.WritePropertyName(name);
                Number(writer, value);
            }
        }
    }

    private static void Layer(Utf8JsonWriter writer, CalibrationLayer layer)
    {
        writer.WriteStartObject();
        Text(writer, "framework", layer.Framework);
        Text(writer, "device_class", layer.DeviceClass is { } c ? CalibrationParser.NameOf(c) : null);
        Text(writer, "architecture", layer.Architecture);
        Text(writer, "device", layer.Device);
        Text(writer, "model", layer.Model);
        Text(writer, "shape", layer.Shape);
        Text(writer, "format", layer.Format);
        Text(writer, "release", layer.Release);
        writer.WriteNumber("runs", layer.Runs);
        if (layer.Timings > 0)
        {
            writer.WriteNumber("timings", layer.Timings);
        }

        Text(writer, "source", layer.Source.Length > 0 ? layer.Source : null);
        writer.WriteStartObject("factors");
        foreach (CoefficientFactor factor in layer.Factors)
        {
            writer.WritePropertyName(CoefficientTable.Of(factor.Coefficient).Name);
            Number(writer, factor.Factor);
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void Band(Utf8JsonWriter writer, in CalibrationBand band)
    {
        writer.WriteStartObject();
        Text(writer, "framework", band.Framework);
        writer.WriteString("familiarity", CalibrationParser.NameOf(band.Familiarity));
        writer.WriteString("metric", CalibrationParser.NameOf(band.Metric));
        writer.WriteNumber("runs", band.Runs);
        writer.WriteStartArray("p90");
        Number(writer, band.Low90);
        Number(writer, band.High90);
        writer.WriteEndArray();
        writer.WriteStartArray("p50");
        Number(writer, band.Low50);
        Number(writer, band.High50);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void Text(Utf8JsonWriter writer, string name, string? value)
    {
        if (value is not null)
        {
            writer.WriteString(name, value);
        }
    }

    // Four digits: more would be noise of the fit.
    private static void Number(Utf8JsonWriter writer, double value) =>
        writer.WriteRawValue(double.Parse(value.ToString("G4", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture)
            .ToString("R", CultureInfo.InvariantCulture));
}
