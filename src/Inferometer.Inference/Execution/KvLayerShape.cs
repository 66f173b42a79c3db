using System.Runtime.InteropServices;
using Inferometer.Core.Models;

namespace Inferometer.Inference.Execution;

/// <summary>Heads and widths of one layer's cached keys and values.</summary>
/// <param name="Heads">Heads stored.</param>
/// <param name="KeyWidth">Width of a key.</param>
/// <param name="ValueWidth">Width of a value.</param>
/// <param name="CopiesPerHead">How often each of the model's key/value heads is stored: 1, or the size of a group where heads are not grouped.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct KvLayerShape(int Heads, int KeyWidth, int ValueWidth, int CopiesPerHead)
{
    /// <summary>Shapes of all layers.</summary>
    /// <exception cref="ArgumentException">A layer is not softmax attention.</exception>
    public static KvLayerShape[] Of(ModelArchitecture architecture, bool groupedHeads)
    {
        var shapes = new KvLayerShape[architecture.LayerCount];
        for (int layer = 0; layer < shapes.Length; layer++)
        {
            if (architecture.Layers[layer].Mixer is not AttentionMixer mixer)
            {
                throw new ArgumentException($"layer {layer} of {architecture.Name} keeps no keys and values of softmax attention", nameof(architecture));
            }

            shapes[layer] = groupedHeads
                ? new KvLayerShape(mixer.KvHeads, mixer.HeadDim, mixer.ValueHeadDim, 1)
                : new KvLayerShape(mixer.Heads, mixer.HeadDim, mixer.ValueHeadDim, mixer.Heads / mixer.KvHeads);
        }

        return shapes;
    }
}
