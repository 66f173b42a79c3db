using Inferometer.Core.Gguf;
using Inferometer.ModelFiles.Formats;

namespace Inferometer.ModelFiles.Conversion;

/// <summary>A tensor of the new file and where its rows come from.</summary>
internal sealed record ConvertedTensor(string Name, long[] Shape)
{
    /// <summary>
    /// Tensors whose rows follow one another (the experts of a layer, or a single one); empty when <see cref="Values"/> is set.
    /// </summary>
    public IReadOnlyList<ModelTensor> Sources { get; init; } = [];

    /// <summary>Values worked out from the configuration or reordered, instead of <see cref="Sources"/>.</summary>
    public float[]? Values { get; init; }

    /// <summary>Rows per rotary head to be reordered from halves to neighbours; 0 = rows stay where they are.</summary>
    public long RotaryHeadRows { get; init; }

    /// <summary>One is added to every value (norms of Gemma).</summary>
    public bool AddOne { get; init; }

    public long Columns => Shape[^1];

    public long Rows => Shape.Aggregate(1L, (product, extent) => product * extent) / Columns;

    public GgmlType SourceType => Values is null ? Sources[0].Type : GgmlType.F32;

    /// <summary>Whether rows of a format are those of the source, byte for byte.</summary>
    public bool KeepsBytesOf(GgmlType type) => Values is null && !AddOne && Sources.All(source => source.Type == type);

    /// <summary>
    /// The source row of a row of the new tensor. Within a rotary head of h rows, Hugging Face pairs row i with i + h/2, the llama
    /// architecture of GGUF row 2i with 2i + 1.
    /// </summary>
    public (ModelTensor Tensor, long Row) SourceRow(long row)
    {
        if (RotaryHeadRows > 0)
        {
            row = RotaryOrder(row, RotaryHeadRows);
        }

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

    public static long RotaryOrder(long row, long headRows)
    {
        long within = row % headRows;
        return row - within + (within / 2) + (within % 2 * (headRows / 2));
    }
}
