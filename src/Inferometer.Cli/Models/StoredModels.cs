using Inferometer.Measurement.Models;

namespace Inferometer.Cli.Models;

/// <summary>What measurements and reports need to know of a model that a user named.</summary>
internal static class StoredModels
{
    /// <summary>Reads it from the model's files, without loading them.</summary>
    public static StoredModel Read(ModelLocation location)
    {
        var contents = ModelFileContents.Read(location);
        return new StoredModel
        {
            Path = location.Path,
            Name = location.Name,
            Format = contents.Format,
            FileBytes = contents.FileBytes,
            Architecture = location.Files.Architecture,
            Groups = [.. contents.Groups.Select(g => new StoredTensors(g.Type, g.Tensors, g.Parameters, g.Bytes))],
        };
    }
}
