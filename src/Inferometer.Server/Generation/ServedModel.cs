using System.Globalization;
using Inferometer.Inference.Engine;
using Inferometer.Measurement.Models;
using Inferometer.ModelFiles.Templates;
using Inferometer.Runners;
using Inferometer.Server.Wire;

namespace Inferometer.Server.Generation;

/// <summary>The model that a server answers with. Whoever made it disposes of the engine, after the server has stopped.</summary>
public sealed record ServedModel
{
    /// <summary>The engine that runs it.</summary>
    public required InferenceEngine Engine { get; init; }

    /// <summary>
    /// Further engines over the same weights that answer beside <see cref="Engine"/>, see
    /// <see cref="InferenceEngine.LoadReplicas"/>; each request goes to the one with the fewest tokens to compute.
    /// </summary>
    public IReadOnlyList<InferenceEngine> Replicas { get; init; } = [];

    /// <summary>What clients call it.</summary>
    public required string Name { get; init; }

    /// <summary>What they may call it besides.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>The model as it lies in its files.</summary>
    public required StoredModel Files { get; init; }

    /// <summary>How conversations are written.</summary>
    public required ChatTemplate Template { get; init; }

    /// <summary>Adapter for every request; null = none.</summary>
    public IModelAdapter? Adapter { get; init; }

    /// <summary>When it was loaded.</summary>
    public DateTimeOffset LoadedAt { get; init; } = DateTimeOffset.UtcNow;

    /// <summary>Whether it goes by a name; Ollama's clients add <c>:latest</c>.</summary>
    internal bool GoesBy(string name)
    {
        const string Latest = ":latest";
        ReadOnlySpan<char> plain = name.EndsWith(Latest, StringComparison.Ordinal) ? name.AsSpan(0, name.Length - Latest.Length) : name;
        bool known = plain.SequenceEqual(Name) || string.Equals(name, Name, StringComparison.Ordinal);
        for (int i = 0; i < Aliases.Count && !known; i++)
        {
            known = plain.SequenceEqual(Aliases[i]) || string.Equals(name, Aliases[i], StringComparison.Ordinal);
        }

        return known;
    }

    /// <summary>A token of a prompt, which has to be one of the model's.</summary>
    /// <exception cref="ApiException">It is none.</exception>
    internal int RequireToken(int token, string field)
    {
        int vocabulary = Engine.VocabularySize;
        return token >= 0 && token < vocabulary ? token
            : throw ApiException.Invalid(
                field,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{field}: token {token} is outside the vocabulary; allowed is 0 to {vocabulary - 1}."));
    }

    /// <summary>A message of the engine's as strangers may read it: where the files lie is nobody's business.</summary>
    internal string Public(string message)
    {
        string path = Path.GetFullPath(Files.Path);
        return message.Replace(path, Name, StringComparison.Ordinal).Replace(Files.Path, Name, StringComparison.Ordinal);
    }
}
