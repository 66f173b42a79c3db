using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Inferometer.Core.Models;
using Inferometer.Cpu.Execution;

namespace Inferometer.Compression.Profiles;

/// <summary>
/// Tells models apart by what a profile depends on: the shapes, and the key and value weights of the first, the middle and the last layer.
/// </summary>
public static class ModelFingerprint
{
    /// <summary>
    /// A line such as <c>llama, 6 layers, 256 wide, 2 KV heads of 64, sha256 1f0c...</c>; equal for equal weights, whatever file they came
    /// from, as long as they decode to the same numbers.
    /// </summary>
    public static string Of(TransformerModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        ModelArchitecture architecture = model.Architecture;
        var mixer = (AttentionMixer)architecture.Layers[0].Mixer!;
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (int layer in new[] { 0, architecture.LayerCount / 2, architecture.LayerCount - 1 }.Distinct())
        {
            AttentionMatrices weights = model.GetAttentionWeights(layer);
            hash.AppendData(MemoryMarshal.AsBytes(weights.Key.AsSpan()));
            hash.AppendData(MemoryMarshal.AsBytes(weights.Value.AsSpan()));
        }

        string digest = Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 12));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{architecture.ModelType}, {architecture.LayerCount} layers, {architecture.HiddenSize} wide, "
            + $"{mixer.KvHeads} KV heads of {mixer.HeadDim}, sha256 {digest}");
    }
}
