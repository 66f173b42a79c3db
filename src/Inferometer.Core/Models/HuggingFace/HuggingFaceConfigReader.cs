using System.Text.Json;

namespace Inferometer.Core.Models.HuggingFace;

/// <summary>
/// Reads a Hugging Face <c>config.json</c> into a <see cref="ModelArchitecture"/>. Multimodal configurations give their text part. A
/// <c>model_type</c> nobody has described is read with the usual meaning of the usual fields and marked by
/// <see cref="ModelArchitecture.IsKnownFamily"/> = false. Thread-safe.
/// </summary>
public static class HuggingFaceConfigReader
{
    private const int MaxFileBytes = 16 << 20;

    /// <summary>Every <c>model_type</c> the reader has particular knowledge of.</summary>
    public static IReadOnlyCollection<string> KnownModelTypes => Families.Known;

    /// <summary>Reads a config.json, or the one in a folder.</summary>
    /// <param name="path">The file, or a folder that holds <c>config.json</c>.</param>
    /// <param name="name">Name to give the model; by default the file's <c>_name_or_path</c>, or the folder's name.</param>
    /// <exception cref="InferometerException">The file is missing, is no JSON, or a field is missing, ill-typed or absurd; the message
    /// names file and field.</exception>
    public static ModelArchitecture Read(string path, string? name = null) => ReadFile(path, name, toRun: false);

    /// <summary>
    /// Reads the config.json of a folder whose weights are to be run: encoders too, and the class that the file names decides whether there
    /// is a head for tokens. <see cref="Read(string, string?)"/> describes what is priced, which writes text.
    /// </summary>
    /// <param name="path">The file, or a folder that holds <c>config.json</c>.</param>
    /// <exception cref="InferometerException">As for <see cref="Read(string, string?)"/>.</exception>
    public static ModelArchitecture ReadToRun(string path) => ReadFile(path, name: null, toRun: true);

    private static ModelArchitecture ReadFile(string path, string? name, bool toRun)
    {
        ArgumentNullException.ThrowIfNull(path);
        string file = Directory.Exists(path) ? Path.Combine(path, "config.json") : path;
        if (file.Length > 0 && !File.Exists(file))
        {
            throw new InferometerException(Directory.Exists(path)
                ? $"{path}: the folder holds no config.json, so it is no Hugging Face model."
                : $"{file}: cannot be read: there is no such file.");
        }

        byte[] text;
        try
        {
            var info = new FileInfo(file);
            if (info.Exists && info.Length > MaxFileBytes)
            {
                throw new InferometerException(
                    $"{file}: {info.Length} bytes is too large for a model configuration (at most {MaxFileBytes}).");
            }

            text = File.ReadAllBytes(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            throw new InferometerException($"{(file.Length == 0 ? "''" : file)}: cannot be read: {FileFault.Describe(error, file)}", error);
        }

        return Parse(text, file, name ?? FolderName(file), toRun);
    }

    /// <summary>Reads the text of a config.json.</summary>
    /// <param name="json">The JSON text.</param>
    /// <param name="source">Where it came from, for messages and <see cref="ModelArchitecture.Source"/>.</param>
    /// <param name="name">Name to give the model; by default what the text says, or its <c>model_type</c>.</param>
    /// <exception cref="InferometerException">As for <see cref="Read"/>.</exception>
    public static ModelArchitecture Parse(string json, string source, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(json);
        return Parse(System.Text.Encoding.UTF8.GetBytes(json), source, name, toRun: false);
    }

    /// <summary>Reads an already parsed JSON object with the fields of a config.json.</summary>
    /// <inheritdoc cref="Parse(string, string, string?)" path="/exception"/>
    public static ModelArchitecture Parse(JsonElement config, string source, string? name = null) =>
        Parse(config, source, name, toRun: false);

    private static ModelArchitecture Parse(JsonElement config, string source, string? name, bool toRun)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (config.ValueKind != JsonValueKind.Object)
        {
            throw new InferometerException($"{source}: a model configuration is a JSON object, this is {config.ValueKind}.");
        }

        ModelArchitecture model = new ArchitectureBuilder(new JsonFields(config, source), name, toRun).Build();
        try
        {
            _ = ParameterCount.Of(model);
        }
        catch (OverflowException error)
        {
            throw new InferometerException($"{source}: these sizes give more than 2^63 parameters; at least one of them is wrong.", error);
        }

        return model;
    }

    private static ModelArchitecture Parse(byte[] json, string source, string? name, bool toRun)
    {
        try
        {
            var options = new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };
            ReadOnlyMemory<byte> text = json.AsSpan().StartsWith("\uFEFF"u8) ? json.AsMemory(3) : json;
            using JsonDocument document = JsonDocument.Parse(PythonJson.Repaired(text), options);
            return Parse(document.RootElement, source, name, toRun);
        }
        catch (JsonException error)
        {
            throw new InferometerException($"{source}: not valid JSON: {JsonFault.Describe(error)}", error);
        }
    }

    private static string? FolderName(string file)
    {
        if (!Path.GetFileName(file).Equals("config.json", StringComparison.OrdinalIgnoreCase))
        {
            return Path.GetFileNameWithoutExtension(file);
        }

        return Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(file)));
    }
}
