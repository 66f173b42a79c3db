using System.Text.Json;
using Inferometer.Core;
using Inferometer.ModelFiles.Formats;

namespace Inferometer.ModelFiles.Tokenization;

/// <summary>
/// The JSON files of a Hugging Face folder that say how text becomes tokens, parsed once: <c>tokenizer.json</c>, and where present
/// <c>tokenizer_config.json</c>, <c>generation_config.json</c> and <c>config.json</c> for the special tokens. The first two of these are
/// optional also in that a faulty one is left out.
/// </summary>
internal sealed class TokenizerFiles : IDisposable
{
    private const long MaximumFileBytes = 512L << 20;

    private readonly JsonDocument _tokenizer;
    private readonly JsonDocument? _config, _generation, _model;

    private TokenizerFiles(string folder, string path, JsonDocument tokenizer)
    {
        Folder = folder;
        Path = path;
        _tokenizer = tokenizer;
        _config = OptionalJson.Read(System.IO.Path.Combine(folder, "tokenizer_config.json"), out string? config);
        _generation = OptionalJson.Read(System.IO.Path.Combine(folder, "generation_config.json"), out string? generation);
        _model = ReadIfPresent(System.IO.Path.Combine(folder, "config.json"));
        Notes = [.. ((string?[])[config, generation]).OfType<string>()];
    }

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>Path of <c>tokenizer.json</c>, for messages.</summary>
    public string Path { get; }

    /// <summary>What is left out because it is faulty, a line each.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>The object in <c>tokenizer.json</c>.</summary>
    public JsonElement Tokenizer => _tokenizer.RootElement;

    /// <summary>The object in <c>tokenizer_config.json</c>; undefined where there is none.</summary>
    public JsonElement Config => _config?.RootElement ?? default;

    /// <summary>The files that name special tokens.</summary>
    public SpecialTokenFiles Special => new(Config, _generation?.RootElement ?? default, _model?.RootElement ?? default);

    /// <summary>Parses the files of a folder.</summary>
    /// <exception cref="InferometerException">There is no <c>tokenizer.json</c>, or it or <c>config.json</c> is not a JSON
    /// object.</exception>
    public static TokenizerFiles Read(string folder)
    {
        string path = System.IO.Path.Combine(folder, "tokenizer.json");
        JsonDocument tokenizer = ReadIfPresent(path)
            ?? throw new InferometerException(
                $"'{path}' does not exist; a Hugging Face model folder needs it for its tokenizer.{OtherForm(folder)}");
        ParsedFiles.Count(path);
        try
        {
            return new TokenizerFiles(folder, path, tokenizer);
        }
        catch
        {
            tokenizer.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _tokenizer.Dispose();
        _config?.Dispose();
        _generation?.Dispose();
        _model?.Dispose();
    }

    private static string OtherForm(string folder) =>
        ((string[])["tiktoken.model", "tokenizer.model", "spiece.model", "vocab.txt", "vocab.json", "tekken.json"])
            .FirstOrDefault(name => File.Exists(System.IO.Path.Combine(folder, name))) is { } other
            ? $" {other} is another form, which is not read: a GGUF file of the model carries its tokenizer, or transformers can write the "
                + "folder's (AutoTokenizer.from_pretrained, save_pretrained)."
            : "";

    private static JsonDocument? ReadIfPresent(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            using FileStream stream = File.OpenRead(path);
            if (stream.Length > MaximumFileBytes)
            {
                throw new InferometerException($"{path}: larger than the 512 MiB a tokenizer file may have.");
            }

            byte[] text = new byte[stream.Length];
            stream.ReadExactly(text);
            var document = JsonDocument.Parse(PythonJson.Repaired(text));
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return document;
            }

            document.Dispose();
            throw new InferometerException($"{path}: a JSON object is expected.");
        }
        catch (JsonException exception)
        {
            throw new InferometerException($"{path}: not valid JSON: {JsonFault.Describe(exception)}", exception);
        }
    }
}
