using System.Text.Json;
using Inferometer.Core;
using Inferometer.Core.Gguf;
using Inferometer.ModelFiles.Formats;

namespace Inferometer.ModelFiles.Generation;

/// <summary>
/// How a model's makers recommend to sample from it: <c>generation_config.json</c> of a Hugging Face folder, or the
/// <c>general.sampling.*</c> keys of a GGUF file. What is null was not said, or cannot be meant: a recommendation is nothing that a model
/// cannot do without. Immutable.
/// </summary>
/// <remarks>The keys are those that llama.cpp's converter copies out of <c>generation_config.json</c>.</remarks>
public sealed record SamplingDefaults
{
    private const string FileName = "generation_config.json";
    private const string Prefix = "general.sampling.";

    /// <summary>Nothing recommended.</summary>
    public static SamplingDefaults None { get; } = new();

    /// <summary>Where they stand: a file name; empty where nothing is recommended.</summary>
    public string Source { get; init; } = "";

    /// <summary>What is left out because it is faulty, or taken in another sense, a line each; names file, key and value.</summary>
    public EquatableList<string> Notes { get; init; } = [];

    /// <summary>Temperature; 0 also where <c>do_sample</c> is false.</summary>
    public float? Temperature { get; init; }

    /// <summary>Most probable tokens to choose from; 0 = all, as which -1 in a file counts.</summary>
    public int? TopK { get; init; }

    /// <summary>Probability they sum up to.</summary>
    public float? TopP { get; init; }

    /// <summary>Least probability, as a share of the greatest.</summary>
    public float? MinP { get; init; }

    /// <summary>Penalty of tokens that occurred.</summary>
    public float? RepetitionPenalty { get; init; }

    /// <summary>What a Hugging Face folder recommends.</summary>
    /// <param name="folder">The folder.</param>
    public static SamplingDefaults OfFolder(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        string file = Path.Combine(folder, FileName);
        using JsonDocument? document = OptionalJson.Read(file, out string? note);
        if (document is null)
        {
            return note is null ? None : None with { Notes = [note] };
        }

        return Of(document.RootElement, file);
    }

    /// <summary>What the object in a <c>generation_config.json</c> recommends.</summary>
    internal static SamplingDefaults Of(JsonElement root, string file)
    {
        Fields fields = new(file, key => root.TryGetProperty(key, out JsonElement value) && value.ValueKind != JsonValueKind.Null
            ? (value.ValueKind == JsonValueKind.Number ? value.GetDouble() : double.NaN, value.GetRawText()) : null, "");
        SamplingDefaults defaults = fields.Read("temperature", "top_k", "top_p", "min_p", "repetition_penalty");
        return root.TryGetProperty("do_sample", out JsonElement sample) && sample.ValueKind == JsonValueKind.False
            ? defaults with { Temperature = 0, Source = FileName }
            : defaults;
    }

    /// <summary>What a GGUF file recommends.</summary>
    /// <param name="header">Its header.</param>
    public static SamplingDefaults Of(GgufHeader header)
    {
        ArgumentNullException.ThrowIfNull(header);
        Fields fields = new(header.Source, key => header.Metadata.TryGetValue(Prefix + key, out GgufValue? value)
            ? (value.AsDouble() ?? double.NaN, value.ToString() ?? "") : null, Prefix);
        return fields.Read("temp", "top_k", "top_p", "min_p", "penalty_repeat");
    }

    /// <summary>Writes what is recommended as metadata of a GGUF file.</summary>
    internal void Write(GgufWriter writer)
    {
        foreach ((string key, float? value) in ((string, float?)[])[
            ("temp", Temperature), ("top_p", TopP), ("min_p", MinP), ("penalty_repeat", RepetitionPenalty)])
        {
            if (value is { } number)
            {
                writer.Set(Prefix + key, number);
            }
        }

        if (TopK is { } most)
        {
            writer.Set(Prefix + "top_k", most);
        }
    }

    /// <summary>Checked access to named numbers, from whichever kind of file.</summary>
    private sealed class Fields(string source, Func<string, (double Number, string Text)?> find, string prefix)
    {
        private readonly List<string> _notes = [];

        public SamplingDefaults Read(string temperature, string topK, string topP, string minP, string penalty)
        {
            SamplingDefaults read = new()
            {
                Temperature = (float?)Number(temperature, 0, float.MaxValue, "0 (greedy) or more"),
                TopK = (int?)MostProbable(topK),
                TopP = (float?)Number(topP, double.Epsilon, 1, "above 0, up to 1"),
                MinP = (float?)Number(minP, 0, 1, "0 to 1"),
                RepetitionPenalty = (float?)Number(penalty, double.Epsilon, float.MaxValue, "above 0 (1 = off)"),
            };
            SamplingDefaults named = read == None ? None : read with { Source = Path.GetFileName(source) };
            return _notes.Count == 0 ? named : named with { Notes = [.. _notes] };
        }

        // Other engines write -1 for no limit, where transformers writes 0.
        private double? MostProbable(string key)
        {
            if (find(key) is { Number: -1 })
            {
                _notes.Add($"{source}: {prefix}{key} is -1, which counts as 0: all tokens.");
                return 0;
            }

            return Number(key, 0, int.MaxValue, "a whole number from 0 (all)", whole: true);
        }

        private double? Number(string key, double least, double most, string allowed, bool whole = false)
        {
            if (find(key) is not { } found
                || (found.Number >= least && found.Number <= most && (!whole || found.Number == Math.Floor(found.Number))))
            {
                return find(key)?.Number;
            }

            _notes.Add($"{source}: {prefix}{key} is {found.Text}; allowed is {allowed}. It is left out.");
            return null;
        }
    }
}
