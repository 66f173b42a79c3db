using Inferometer.Core.Gguf;
using Inferometer.ModelFiles.Formats;

namespace Inferometer.ModelFiles.Conversion;

/// <summary>A tensor of the new file and where its rows come from.</summary>
internal sealed record ConvertedTensor(string Name, long[] Shape)
{
    // What llama.cpp's quantiser leaves as it is, because it is small and every error in it reaches all channels.
    private static readonly string[] s_floats =
    [
        "_norm.", "conv1d", "shortconv.conv", "ffn_gate_inp", "altup", "laurel", "per_layer_model_proj", "rope_", "position_embd",
        "token_types", "cls.",
    ];

    /// <summary>
    /// Tensors whose rows follow one another (the experts of a layer, or a single one); empty when <see cref="Values"/> is set.
    /// </summary>
    public IReadOnlyList<ModelTensor> Sources { get; init; } = [];

    /// <summary>Values worked out from the configuration or reordered, instead of <see cref="Sources"/>.</summary>
    public float[]? Values { get; init; }

    /// <summary>The row, over all sources together, that stands at a row of the new tensor; null where rows stay where they are.</summary>
    public Func<long, long>? RowOrder { get; init; }

    /// <summary>The column of the source that stands at each column; null where columns stay where they are.</summary>
    public int[]? ColumnOrder { get; init; }

    /// <summary>One is added to every value (norms of Gemma).</summary>
    public bool AddOne { get; init; }

    public long Columns => Shape[^1];

    public long Rows => Shape.Aggregate(1L, (product, extent) => product * extent) / Columns;

    public GgmlType SourceType => Values is null ? Sources[0].Type : GgmlType.F32;

    /// <summary>Whether the tensor is kept in full precision, whatever format is asked for.</summary>
    public bool StaysFloat => Shape.Length == 1 || !Name.EndsWith(".weight", StringComparison.Ordinal)
        || Array.Exists(s_floats, part => Name.Contains(part, StringComparison.Ordinal));

    /// <summary>Whether rows of a format are those of the source, byte for byte.</summary>
    public bool KeepsBytesOf(GgmlType type) =>
        Values is null && !AddOne && ColumnOrder is null && Sources.All(source => source.Type == type);

    /// <summary>The source row of a row of the new tensor.</summary>
    public (ModelTensor Tensor, long Row) SourceRow(long row)
    {
        row = RowOrder?.Invoke(row) ?? row;
        long rows = Sources[0].Rows;
        if (Sources.All(source => source.Rows == rows))
        {
            return (Sources[(int)(row / rows)], row % rows);
        }

        int part = 0;
        while (row >= Sources[part].Rows)
        {
            row -= Sources[part++].Rows;
        }

        return (Sources[part], row);
    }

    /// <summary>
    /// Within a rotary head of h rows, Hugging Face pairs row i with i + h/2, the llama architecture of GGUF row 2i with 2i + 1.
    /// </summary>
    public static long RotaryOrder(long row, long headRows)
    {
        long within = row % headRows;
        return row - within + (within / 2) + (within % 2 * (headRows / 2));
    }
}
