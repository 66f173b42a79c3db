using Inferometer.Core;
using Inferometer.Core.Models;

namespace Inferometer.Compression.Calibration;

/// <summary>How many neighbouring KV heads share latents.</summary>
internal static class HeadGroups
{
    private static readonly int[] Sizes = [1, 2, 4];

    /// <summary>What can be chosen at all, for messages.</summary>
    public const string Allowed = "1, 2 or 4";

    public static bool IsSize(int size) => Sizes.Contains(size);

    /// <summary>Throws where a size is none of those there are, or does not divide the KV heads of every layer.</summary>
    /// <exception cref="InferometerException">Names the size and those that the model allows.</exception>
    public static void Require(ModelArchitecture architecture, int size)
    {
        RequireHeads(architecture);
        int[] heads = [.. architecture.Layers.Select(layer => ((AttentionMixer)layer.Mixer!).KvHeads).Distinct()];
        if (!IsSize(size) || heads.Any(count => count % size != 0))
        {
            IEnumerable<int> allowed = Sizes.Where(each => heads.All(count => count % each == 0));
            throw new InferometerException(
                $"head group size {size}: {architecture.Name} has layers of {string.Join(" and ", heads)} KV heads; "
                + $"allowed are {string.Join(", ", allowed)}.");
        }
    }

    /// <summary>Throws where a layer keeps something else than keys and values of heads.</summary>
    /// <exception cref="InferometerException">Names the model and what its layers are.</exception>
    public static void RequireHeads(ModelArchitecture architecture)
    {
        if (architecture.Layers.FirstOrDefault(layer => layer.Mixer is not AttentionMixer { ReusesCache: false }) is { } other)
        {
            throw new InferometerException(
                $"{architecture.Source ?? architecture.Name}: only keys and values of heads can be compressed; this model has layers of "
                + $"{KindOf(other.Mixer)}.");
        }
    }

    /// <summary>What a layer that cannot be stored is, for messages.</summary>
    internal static string KindOf(TokenMixer? mixer) => mixer switch
    {
        null => "no attention",
        AttentionMixer => "attention over the cache of others",
        _ => mixer.GetType().Name,
    };
}
