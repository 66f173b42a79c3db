using Inferometer.Compression.Cache;
using Inferometer.Compression.Calibration;
using Inferometer.Core;
using Inferometer.Core.Models;
using Inferometer.Cpu.Execution;

namespace Inferometer.Compression.Profiles;

/// <summary>
/// How a model's cache is compressed, as a file: bases of every head or head group, and levels <c>low</c>, <c>med</c> and <c>high</c> with
/// the ranks and bits that keep a bound on quality loss, and the losses measured when it was made. Immutable; thread-safe. </summary>
public sealed record CompressionProfile
{
    /// <summary>Version of the file format.</summary>
    public const int CurrentVersion = 2;

    /// <summary>Method, such as <c>calibrated low-rank latents</c>.</summary>
    public required string Method { get; init; }

    /// <summary>The model it was made for, see <see cref="ModelFingerprint"/>.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>Name of the text it was calibrated on.</summary>
    public required string CalibrationText { get; init; }

    /// <summary>Tokens it was calibrated on.</summary>
    public required long CalibrationTokens { get; init; }

    /// <summary>Name of the text the losses were measured on.</summary>
    public required string HoldOutText { get; init; }

    /// <summary>Bases of all heads or head groups.</summary>
    public required ModelBases Bases { get; init; }

    /// <summary>Levels, the strongest compression first.</summary>
    public required IReadOnlyList<ProfileLevel> Levels { get; init; }

    /// <summary>The level of a name.</summary>
    /// <exception cref="InferometerException">There is no such level.</exception>
    public ProfileLevel Level(string name) =>
        Levels.FirstOrDefault(level => string.Equals(level.Name, name, StringComparison.Ordinal))
            ?? throw new InferometerException(
                $"compression level '{name}': this profile has {string.Join(", ", Levels.Select(level => level.Name))}.");

    /// <summary>The profile of one layer, for stretches of keys and values outside a cache.</summary>
    /// <param name="index">Layer, from 0.</param>
    public LayerCompressionProfiles Layer(int index) =>
        new(index, Bases.Layers[index], [.. Levels.Select(level => (level.Name, level.Allocation.Layers[index]))]);

    /// <summary>Throws when the profile was made for another model.</summary>
    /// <param name="model">The model it is to be used with.</param>
    /// <param name="source">Where the profile came from, for the message.</param>
    /// <exception cref="InferometerException">Names both fingerprints.</exception>
    public void RequireFor(TransformerModel model, string source)
    {
        string fingerprint = ModelFingerprint.Of(model);
        if (!string.Equals(fingerprint, Fingerprint, StringComparison.Ordinal))
        {
            throw new InferometerException(
                $"{source}: made for another model: the profile says '{Fingerprint}', the model is '{fingerprint}'.");
        }
    }

    /// <summary>Throws when the model has other layers, KV heads or widths than the profile's bases.</summary>
    /// <param name="architecture">The model; its weights are not needed, and not compared.</param>
    /// <param name="source">Where the profile came from, for the message.</param>
    /// <exception cref="InferometerException">Names both shapes.</exception>
    public void RequireShapeOf(ModelArchitecture architecture, string source)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        string[] model =
        [
            .. architecture.Layers.Select(
                layer => layer.Mixer is AttentionMixer mixer
                    ? Shape(mixer.KvHeads, mixer.HeadDim, mixer.ValueHeadDim)
                    : "no keys and values per head"),
        ];
        string[] bases =
        [
            .. Bases.Layers.Select(
                groups => Shape(
                    groups.Count * Bases.HeadGroupSize, groups[0].Keys.Basis.Width / Bases.HeadGroupSize,
                    groups[0].Values.Basis.Width / Bases.HeadGroupSize)),
        ];
        if (!model.SequenceEqual(bases, StringComparer.Ordinal))
        {
            throw new InferometerException(
                $"{source}: made for another model: the profile has {bases.Length} layers of {bases[0]}, "
                + $"{architecture.Name} has {model.Length} of {model[0]}.");
        }

        static string Shape(int heads, int keys, int values) => $"{heads} KV heads of {keys} and {values}";
    }

    /// <summary>The compression of one level.</summary>
    /// <param name="model">The model the profile was made for.</param>
    /// <param name="level">Name of the level.</param>
    /// <param name="window">Tokens that stay exact.</param>
    /// <exception cref="InferometerException">There is no such level, or the profile was made for another model.</exception>
    public KvCompression ToCompression(TransformerModel model, string level, ExactWindow? window = null)
    {
        RequireFor(model, "compression profile");
        return KvCompression.LowRank(level, model, Bases, Level(level).Allocation, window);
    }

    /// <summary>Writes the profile; an existing file is replaced only by a whole one.</summary>
    /// <exception cref="InferometerException">The file cannot be written.</exception>
    public void Save(string path) => ProfileFile.Write(this, path);

    /// <summary>Reads a profile.</summary>
    /// <exception cref="InferometerException">The file is missing, truncated, of another version, or holds numbers that are not
    /// finite.</exception>
    public static CompressionProfile Load(string path) => ProfileFile.Read(path);
}
