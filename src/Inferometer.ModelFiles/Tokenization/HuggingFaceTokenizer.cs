using System.Text.Json;
using Inferometer.Core;

namespace Inferometer.ModelFiles.Tokenization;

/// <summary>
/// Loads a tokenizer from a Hugging Face folder: <c>tokenizer.json</c>, and where present <c>tokenizer_config.json</c>,
/// <c>generation_config.json</c> and <c>config.json</c> for the special tokens, and the files that hold chat templates.
/// </summary>
public static class HuggingFaceTokenizer
{
    private const long MaximumFileBytes = 512L << 20;

    /// <summary>Loads the tokenizer of a model folder.</summary>
    /// <exception cref="InferometerException">The file is missing, malformed, or of a kind that is not supported.</exception>
    public static Tokenizer Load(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        string path = Path.Combine(folder, "tokenizer.json");
        using JsonDocument document = ReadIfPresent(path)
            ?? throw new InferometerException($"'{path}' does not exist; a Hugging Face model folder needs it for its tokenizer.");
        using JsonDocument? configDocument = ReadIfPresent(Path.Combine(folder, "tokenizer_config.json"));
        using JsonDocument? generationDocument = ReadIfPresent(Path.Combine(folder, "generation_config.json"));
        using JsonDocument? modelDocument = ReadIfPresent(Path.Combine(folder, "config.json"));
        JsonElement tokenizer = document.RootElement;
        JsonElement config = configDocument?.RootElement ?? default;
        JsonElement generation = generationDocument?.RootElement ?? default;
        JsonElement model = modelDocument?.RootElement ?? default;
        try
        {
            return Load(tokenizer, path, new SpecialTokenFiles(config, generation, model), ChatTemplateFiles.Read(folder, config));
        }
        catch (Exception exception) when (exception is InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new InferometerException($"{path}: not a tokenizer.json as it should be ({exception.Message})", exception);
        }
    }

    private static Tokenizer Load(
        JsonElement root, string path, SpecialTokenFiles special, IReadOnlyDictionary<string, string> chatTemplates)
    {
        var pipeline = TokenizerJsonPipeline.Read(root, path);
        var model = TokenizerJsonModel.Read(root, path, pipeline.Spelling);
        Vocabulary vocabulary = model.Vocabulary;
        int? bos = special.BosId(vocabulary);
        (IReadOnlyList<int> prefix, IReadOnlyList<int> suffix)? template = TokenizerJsonTemplate.Read(root, vocabulary);
        return new Tokenizer(new TokenizerParts
        {
            Vocabulary = vocabulary,
            Model = model.Model,
            AddedTokens = model.AddedTokens,
            Normalizer = pipeline.Normalizer,
            PreTokenizer = pipeline.Splits.Count > 0 ? new PreTokenizer(pipeline.Splits) : null,
            Prefix = template?.prefix ?? (special.AddsBos && bos is int id ? [id] : []),
            Suffix = template?.suffix ?? [],
            StripsLeadingSpace = pipeline.StripsLeadingSpace,
            BosId = bos,
            PadId = special.PadId(vocabulary),
            UnknownId = model.UnknownId,
            EosIds = special.EosIds(vocabulary),
            ChatTemplates = chatTemplates,
            SpecialTokens = special.Texts(vocabulary),
        });
    }

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

            var document = JsonDocument.Parse(stream);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return document;
            }

            document.Dispose();
            throw new InferometerException($"{path}: a JSON object is expected.");
        }
        catch (JsonException exception)
        {
            throw new InferometerException($"{path}: not valid JSON ({exception.Message})", exception);
        }
    }
}
