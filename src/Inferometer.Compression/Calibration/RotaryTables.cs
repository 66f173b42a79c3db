using Inferometer.Compression.Codecs;
using Inferometer.Inference.Execution;
using Inferometer.Inference.Rotary;

namespace Inferometer.Compression.Calibration;

/// <summary>The rotary tables of a model's layers, each made once for all layers that share it. Not thread-safe.</summary>
internal sealed class RotaryTables(TransformerModel model)
{
    private readonly Dictionary<RotaryEmbedding, RotaryTable> _tables = new(ReferenceEqualityComparer.Instance);

    public RotaryTable Of(int layer)
    {
        RotaryEmbedding rotary = model.RotaryOf(layer);
        if (!_tables.TryGetValue(rotary, out RotaryTable? table))
        {
            _tables.Add(rotary, table = new RotaryTable(rotary, model.ContextTokens));
        }

        return table;
    }
}
