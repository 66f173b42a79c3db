using System.Text.Json;
using Inferometer.Core;

namespace Inferometer.ModelFiles.Tokenization;

/// <summary>
/// Loads a tokenizer from a Hugging Face folder: <c>tokenizer.json</c>, and where present <c>tokenizer_config.json</c>,
/// <c>generation_config.json</c> and <c>config.json</c> for the special tokens, and the files that hold chat templates.
/// </summary>
public static class HuggingFaceTokenizer
{
    /// <summary>Loads the tokenizer of a model folder.</summary>
    /// <exception cref="InferometerException">The file is missing, malformed, or of a kind that is not supported.</exception>
    public static Tokenizer Load(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        using var files = TokenizerFiles.Read(folder);
        return Load(files);
    }

    /// <summary>Makes the tokenizer of files that were parsed already.</summary>
    /// <exception cref="InferometerException">They are malformed, or of a kind that is not supported.</exception>
    internal static Tokenizer Load(TokenizerFiles files) => new(Read(files.Tokenizer, files.Path, files.Special) with
    {
        ChatTemplates = ChatTemplateFiles.Read(files.Folder, files.Config),
        Notes = files.Notes,
    });

    /// <summary>Makes a tokenizer of a parsed <c>tokenizer.json</c>.</summary>
    /// <exception cref="InferometerException">It is malformed, or of a kind that is not supported.</exception>
    internal static Tokenizer Parse(JsonElement root, string path, SpecialTokenFiles special) => new(Read(root, path, special));

    private static TokenizerParts Read(JsonElement root, string path, SpecialTokenFiles special)
    {
        try
        {
            return Parts(root, path, special);
        }
        catch (Exception exception) when (exception is InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new InferometerException($"{path}: not a tokenizer.json as it should be ({exception.Message})", exception);
        }
    }

    private static TokenizerParts Parts(JsonElement root, string path, SpecialTokenFiles special)
    {
        var pipeline = TokenizerJsonPipeline.Read(root, path);
        var model = TokenizerJsonModel.Read(root, path, pipeline.Spelling);
        Vocabulary vocabulary = model.Vocabulary;
        int? bos = special.BosId(vocabulary);
        TokenizerJsonTemplate? template = TokenizerJsonTemplate.Read(root, vocabulary);
        return new TokenizerParts
        {
            Vocabulary = vocabulary,
            Model = model.Model,
            AddedTokens = model.AddedTokens,
            Normalizer = pipeline.Normalizer,
            PreTokenizer = pipeline.Splits.Count > 0 ? new PreTokenizer(pipeline.Splits) : null,
            Prefix = template?.Prefix ?? (special.AddsBos && bos is int id ? [id] : []),
            Suffix = template?.Suffix ?? [],
            Pair = template?.Pair,
            StripsLeadingSpace = pipeline.StripsLeadingSpace,
            BosId = bos,
            PadId = special.PadId(vocabulary),
            UnknownId = model.UnknownId,
            EosIds = TurnMarkers.Endings(vocabulary, special.EosIds(vocabulary)),
            SpecialTokens = special.Texts(vocabulary),
        };
    }
}
