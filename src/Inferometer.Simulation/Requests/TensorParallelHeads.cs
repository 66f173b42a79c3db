using Inferometer.Core;
using Inferometer.Core.Models;

namespace Inferometer.Simulation.Requests;

/// <summary>Which tensor-parallel degrees a network's heads can be dealt out to evenly.</summary>
internal static class TensorParallelHeads
{
    /// <summary>Refuses a degree that frameworks refuse.</summary>
    /// <exception cref="InferometerException">Names the degree, the heads and the degrees that are allowed.</exception>
    public static void Check(int tensor, ModelArchitecture architecture)
    {
        TokenMixer[] mixers = [.. architecture.Layers.SelectMany(layer => layer.Mixers).Distinct()];
        if (mixers.FirstOrDefault(mixer => !Divides(mixer, tensor)) is not { } uneven)
        {
            return;
        }

        IEnumerable<int> allowed = Enumerable.Range(1, Most(uneven)).Where(degree => mixers.All(mixer => Divides(mixer, degree)));
        throw new InferometerException(
            $"parallelism: tensor = {tensor} does not deal out the {Describe(uneven)} of {architecture.Name} evenly, "
            + $"and frameworks refuse it. Allowed: {string.Join(", ", allowed)}. Allow uneven heads (--allow-uneven) to price it all the "
            + "same.");
    }

    private static bool Divides(TokenMixer mixer, int tensor) => mixer switch
    {
        AttentionMixer m => m.Heads % tensor == 0 && (m.KvHeads % tensor == 0 || tensor % m.KvHeads == 0),
        LatentAttentionMixer m => m.Heads % tensor == 0,
        CompressedAttentionMixer m => m.Heads % tensor == 0,
        GatedDeltaMixer m => m.ValueHeads % tensor == 0 && m.KeyHeads % tensor == 0,
        MambaMixer m => m.Heads % tensor == 0,
        RecurrentMixer m => m.Heads % tensor == 0,
        _ => true,
    };

    private static int Most(TokenMixer mixer) => mixer switch
    {
        AttentionMixer m => m.Heads,
        LatentAttentionMixer m => m.Heads,
        CompressedAttentionMixer m => m.Heads,
        GatedDeltaMixer m => m.KeyHeads,
        MambaMixer m => m.Heads,
        RecurrentMixer m => m.Heads,
        _ => 1,
    };

    private static string Describe(TokenMixer mixer) => mixer switch
    {
        AttentionMixer m => $"{m.Heads} query and {m.KvHeads} key/value heads",
        GatedDeltaMixer m => $"{m.ValueHeads} value and {m.KeyHeads} key heads",
        _ => $"{Most(mixer)} heads",
    };
}
