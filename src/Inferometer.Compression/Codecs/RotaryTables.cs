using System.Runtime.CompilerServices;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Rotary;

namespace Inferometer.Compression.Codecs;

/// <summary>
/// The rotary tables of a model's layers, each made once for all layers and compressions that share it, and kept as long as the model.
/// Thread-safe.
/// </summary>
internal sealed class RotaryTables
{
    // A table spans the model's whole context; a search for levels makes more than a dozen compressions of one model.
    private static readonly ConditionalWeakTable<TransformerModel, RotaryTables> Models = [];

    private readonly TransformerModel _model;
    private readonly Dictionary<RotaryEmbedding, RotaryTable> _tables = new(ReferenceEqualityComparer.Instance);
    private readonly Lock _gate = new();

    private RotaryTables(TransformerModel model) => _model = model;

    public static RotaryTables For(TransformerModel model) => Models.GetValue(model, static key => new RotaryTables(key));

    public RotaryTable Of(int layer)
    {
        RotaryEmbedding rotary = _model.RotaryOf(layer);
        lock (_gate)
        {
            if (!_tables.TryGetValue(rotary, out RotaryTable? table))
            {
                _tables.Add(rotary, table = new RotaryTable(rotary, _model.ContextTokens));
            }

            return table;
        }
    }
}
