using System.Text.Json;
using Inferometer.Compression.Calibration;
using Inferometer.Compression.Codecs;
using Inferometer.Core;
using Inferometer.ModelFiles.Formats;

namespace Inferometer.Compression.Profiles;

/// <summary>Profiles as safetensors files: bases as F32 tensors, everything else as JSON in the file's metadata.</summary>
internal static class ProfileFile
{
    /// <summary>Key of the metadata entry.</summary>
    private const string MetadataKey = "inferometer.compression_profile";

    public static void Write(CompressionProfile profile, string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ProfileHeader header = new()
        {
            Version = CompressionProfile.CurrentVersion,
            Method = profile.Method,
            Fingerprint = profile.Fingerprint,
            CalibrationText = profile.CalibrationText,
            CalibrationTokens = profile.CalibrationTokens,
            HoldOutText = profile.HoldOutText,
            HeadGroupSize = profile.Bases.HeadGroupSize,
            Groups = [.. profile.Bases.Layers.Select(groups => groups.Count)],
            Levels = [.. profile.Levels.Select(level => new LevelHeader(
                level.Name, level.PerplexityBound, level.Loss,
                [
                    .. level.Allocation.Layers.Select(
                        groups => groups.Select(group => FormatText.Write(group.Keys, group.Values)).ToArray()),
                ]))],
        };
        List<(string Name, int[] Shape, float[] Values)> tensors = [];
        for (int layer = 0; layer < profile.Bases.Layers.Count; layer++)
        {
            for (int group = 0; group < profile.Bases.Layers[layer].Count; group++)
            {
                Add(tensors, Prefix(layer, group, "keys"), profile.Bases.Layers[layer][group].Keys);
                Add(tensors, Prefix(layer, group, "values"), profile.Bases.Layers[layer][group].Values);
            }
        }

        SafetensorsWriter.Write(path, MetadataKey, JsonSerializer.Serialize(header, ProfileJson.Default.ProfileHeader), tensors);
    }

    public static CompressionProfile Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ProfileHeader header = ReadHeader(path);
        using SafetensorsModel file = SafetensorsModel.Open(path);
        ModelBases bases = new(header.HeadGroupSize, [.. header.Groups.Select(Bases)]);
        return new CompressionProfile
        {
            Method = header.Method,
            Fingerprint = header.Fingerprint,
            CalibrationText = header.CalibrationText,
            CalibrationTokens = header.CalibrationTokens,
            HoldOutText = header.HoldOutText,
            Bases = bases,
            Levels = [.. header.Levels.Select(level => Level(level, header.Groups, path))],
        };

        IReadOnlyList<GroupBases> Bases(int groups, int layer) =>
        [
            .. Enumerable.Range(0, groups).Select(group =>
                new GroupBases(Basis(file, Prefix(layer, group, "keys"), path), Basis(file, Prefix(layer, group, "values"), path))),
        ];
    }

    private static ProfileHeader ReadHeader(string path)
    {
        // Opens and checks the file's own header first, so that lengths below can be trusted.
        _ = SafetensorsHeader.Read(path);
        try
        {
            using FileStream stream = File.OpenRead(path);
            using BinaryReader reader = new(stream);
            using JsonDocument document = JsonDocument.Parse(reader.ReadBytes(checked((int)reader.ReadInt64())));
            if (!document.RootElement.TryGetProperty("__metadata__", out JsonElement metadata)
                || !metadata.TryGetProperty(MetadataKey, out JsonElement text))
            {
                throw new InferometerException($"{path}: not a compression profile: its metadata lacks '{MetadataKey}'.");
            }

            ProfileHeader? header = JsonSerializer.Deserialize(text.GetString() ?? "null", ProfileJson.Default.ProfileHeader);
            if (header is not { Version: CompressionProfile.CurrentVersion })
            {
                throw new InferometerException(
                    $"{path}: compression profile of version {header?.Version ?? 0}; this program reads version "
                    + $"{CompressionProfile.CurrentVersion}: make it again with 'inferometer compress build'.");
            }

            return HeadGroups.IsSize(header.HeadGroupSize)
                ? header
                : throw new InferometerException($"{path}: head group size {header.HeadGroupSize}; allowed are {HeadGroups.Allowed}.");
        }
        catch (Exception error) when (error is IOException or JsonException or InvalidOperationException)
        {
            throw new InferometerException($"{path}: not a compression profile: {JsonFault.Describe(error)}", error);
        }
    }

    private static ProfileLevel Level(LevelHeader level, int[] groups, string path)
    {
        if (!level.Formats.Select(formats => formats.Length).SequenceEqual(groups))
        {
            throw new InferometerException($"{path}: level '{level.Name}' names formats for other head groups than the profile has.");
        }

        return new ProfileLevel(level.Name, level.PerplexityBound, new LatentAllocation([.. level.Formats.Select(formats =>
            (IReadOnlyList<(LatentFormat, LatentFormat)>)[.. formats.Select(text => FormatText.Read(text, path))])]), level.Loss);
    }

    private static string Prefix(int layer, int group, string part) => $"layers.{layer}.groups.{group}.{part}";

    private static void Add(List<(string Name, int[] Shape, float[] Values)> tensors, string prefix, WeightedBasis basis)
    {
        (int width, int rank) = (basis.Basis.Width, basis.Basis.Rank);
        tensors.Add((prefix + ".mean", [width], basis.Basis.Mean));
        tensors.Add((prefix + ".encoder", [rank, width], basis.Basis.Encoder));
        tensors.Add((prefix + ".decoder", [width, rank], basis.Basis.Decoder));
        tensors.Add((prefix + ".eigenvalues", [rank], Array.ConvertAll(basis.Eigenvalues, value => (float)value)));
    }

    private static WeightedBasis Basis(SafetensorsModel file, string prefix, string path)
    {
        float[] Tensor(string part) => file.TryGetTensor($"{prefix}.{part}", out ModelTensor? tensor)
            ? tensor.DecodeAll()
            : throw new InferometerException($"{path}: tensor '{prefix}.{part}' is missing.");
        float[] mean = Tensor("mean"), eigenvalues = Tensor("eigenvalues");
        LatentBasis basis = new(mean.Length, eigenvalues.Length, mean, Tensor("encoder"), Tensor("decoder"));
        basis.Validate($"{path}: {prefix}");
        if (!eigenvalues.All(float.IsFinite))
        {
            throw new InferometerException($"{path}: {prefix}: the eigenvalues hold NaN or infinite numbers.");
        }

        return new WeightedBasis(basis, Array.ConvertAll(eigenvalues, value => (double)value));
    }
}
