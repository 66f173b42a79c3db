using Inferometer.Core;
using Inferometer.Core.Gguf;
using Inferometer.Cpu.Threading;
using Inferometer.ModelFiles.Quantization;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>
/// The weights of a linear layer, [Rows = outputs][Columns = inputs], in whatever layout its kernels like best. Multiplied through a
/// <see cref="MatrixMultiplier"/>.
/// </summary>
/// <remarks>Immutable after creation, so any number of multipliers may read one; disposing it while it is in use is an error.</remarks>
public abstract unsafe class WeightMatrix : IDisposable
{
    private protected WeightMatrix(GgmlType type, int rows, int columns)
    {
        Type = type;
        Rows = rows;
        Columns = columns;
    }

    /// <summary>Format the weights were stored in.</summary>
    public GgmlType Type { get; }

    /// <summary>Outputs.</summary>
    public int Rows { get; }

    /// <summary>Inputs.</summary>
    public int Columns { get; }

    /// <summary>Bytes read when every weight is read once.</summary>
    public abstract long SizeBytes { get; }

    /// <summary>
    /// Whether the source bytes handed to <see cref="Create"/> are still read; if not, they were repacked and may be released.
    /// </summary>
    public abstract bool ReadsSource { get; }

    /// <summary>Makes a matrix of stored weights.</summary>
    /// <param name="type">Format of the stored weights.</param>
    /// <param name="rows">Outputs, at least 1.</param>
    /// <param name="columns">Inputs: whole blocks of the format.</param>
    /// <param name="source">First byte of row 0, rows following each other as in a GGUF file. Must stay readable until disposal while
    /// <see cref="ReadsSource"/> is true.</param>
    /// <param name="sourceBytes">Readable bytes from there; checked against what the shape needs.</param>
    /// <param name="pool">Threads for repacking; null to use the calling thread.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <exception cref="InferometerException">No kernel reads this format.</exception>
    /// <exception cref="ArgumentException">Shape and byte count do not fit.</exception>
    public static WeightMatrix Create(
        GgmlType type, int rows, int columns, byte* source, long sourceBytes, WorkerPool? pool = null,
        WeightPackingOptions? options = null) =>
        CreateIn(null, type, rows, columns, source, sourceBytes, pool, options);

    /// <summary>
    /// Makes a matrix of stored weights; repacked ones lie in <paramref name="memory"/>, which must outlive the matrix, or in memory of
    /// their own. With a <paramref name="delay"/> they are repacked while they are in use, and the source must stay readable until
    /// disposal.
    /// </summary>
    internal static WeightMatrix CreateIn(
        PanelMemory? memory, GgmlType type, int rows, int columns, byte* source, long sourceBytes, WorkerPool? pool,
            WeightPackingOptions? options, RepackingDelay? delay = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        CheckShape(type, rows, columns, sourceBytes);
        PanelOrigin origin = new(source, pool, memory, delay: delay);
        return (options is { QuantizeActivations: false } ? null : Panels(type, rows, columns, origin))
            ?? new RowMatrix(type, rows, columns, source, null, options is not { QuantizeActivations: false });
    }

    /// <summary>Makes a matrix of bytes that another one of the same shape had as its <see cref="Repacked"/> ones.</summary>
    /// <param name="type">Format the weights were stored in.</param>
    /// <param name="rows">Outputs.</param>
    /// <param name="columns">Inputs.</param>
    /// <param name="panels">First repacked byte, aligned to 64; must stay readable until disposal.</param>
    /// <param name="byteCount">Readable bytes from there.</param>
    /// <returns>The matrix; null when the format is not repacked, or into another number of bytes.</returns>
    internal static WeightMatrix? FromRepacked(GgmlType type, int rows, int columns, byte* panels, long byteCount)
    {
        CheckShape(type, rows, columns, long.MaxValue);
        WeightMatrix? matrix = Panels(type, rows, columns, new PanelOrigin(null, null, null, panels));
        return matrix?.SizeBytes == byteCount ? matrix : null;
    }

    /// <summary>Makes an F32 matrix of a copy of <paramref name="values"/>, row after row.</summary>
    public static WeightMatrix FromValues(ReadOnlySpan<float> values, int rows, int columns)
    {
        CheckShape(GgmlType.F32, rows, columns, (long)values.Length * sizeof(float));
        NativeBuffer copy = new((long)rows * columns * sizeof(float));
        values[..checked(rows * columns)].CopyTo(copy.Floats);
        return new RowMatrix(GgmlType.F32, rows, columns, copy.Address, copy, false);
    }

    /// <summary>Writes the weights of one row as floats: an embedding lookup.</summary>
    /// <param name="row">0 to <see cref="Rows"/> - 1.</param>
    /// <param name="destination">At least <see cref="Columns"/> long.</param>
    public void DecodeRow(int row, Span<float> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, Rows);
        DecodeRowCore(row, destination[..Columns]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>First of the <see cref="SizeBytes"/> repacked bytes, or null where the source is read as it is.</summary>
    internal virtual byte* Repacked => null;

    /// <summary>First byte of the rows as they are stored, or null where they were repacked.</summary>
    internal virtual byte* Stored => null;

    /// <summary>
    /// A multiplication begins, of which the pieces are told the answer: whether it repacks rows that are still as they were stored. Such a
    /// multiplication must compute all rows, and <see cref="EndUse"/> follows when it has. Thread-safe: weights may be multiplied by
    /// several models side by side.
    /// </summary>
    internal virtual bool BeginUse() => false;

    /// <summary>A multiplication ended that began with <paramref name="repacks"/> as the answer.</summary>
    internal virtual void EndUse(bool repacks)
    {
    }

    /// <summary>The activations this matrix wants for a step of so many tokens.</summary>
    internal abstract ActivationLayout LayoutFor(int tokens);

    /// <summary>Pieces that a multiplication is cut into.</summary>
    internal abstract int ChunkCount(int tokens, int threads);

    /// <summary>Bytes of scratch memory that one worker needs.</summary>
    internal abstract int ScratchBytes(int tokens);

    /// <summary>Computes the outputs of one piece.</summary>
    internal abstract void MultiplyChunk(in MatrixOperand operand, int chunk, int chunkCount, byte* scratch);

    /// <summary>Writes one row as floats.</summary>
    private protected abstract void DecodeRowCore(int row, Span<float> destination);

    /// <summary>Releases memory the matrix owns.</summary>
    private protected abstract void Dispose(bool disposing);

    /// <summary>The matrix on panels that suits a format, or null where there is none.</summary>
    private static WeightMatrix? Panels(GgmlType type, int rows, int columns, in PanelOrigin origin) => type switch
    {
        GgmlType.Q4_0 => new PanelMatrix<SmallBlockPanel<Q4_0Format>>(rows, columns, origin),
        GgmlType.Q4_1 => new PanelMatrix<SmallBlockPanel<Q4_1Format>>(rows, columns, origin),
        GgmlType.Q5_0 => new PanelMatrix<SmallBlockPanel<Q5_0Format>>(rows, columns, origin),
        GgmlType.Q5_1 => new PanelMatrix<SmallBlockPanel<Q5_1Format>>(rows, columns, origin),
        GgmlType.Q8_0 when Q8_0BytePanel.IsFaster => new PanelMatrix<Q8_0BytePanel>(rows, columns, origin),
        GgmlType.Q8_0 => new PanelMatrix<Q8_0Panel>(rows, columns, origin),
        GgmlType.Q4_K => new PanelMatrix<SixBitScalePanel<Q4_KFormat>>(rows, columns, origin),
        GgmlType.Q5_K => new PanelMatrix<SixBitScalePanel<Q5_KFormat>>(rows, columns, origin),
        GgmlType.Q6_K => new PanelMatrix<Q6_KPanel>(rows, columns, origin),
        GgmlType.Q2_K => new PanelMatrix<LowBitPanel<Q2_KFormat>>(rows, columns, origin),
        GgmlType.Q3_K => new PanelMatrix<LowBitPanel<Q3_KFormat>>(rows, columns, origin),
        GgmlType.IQ4_NL => new PanelMatrix<TablePanel<IQ4_NLFormat>>(rows, columns, origin),
        GgmlType.IQ4_XS => new PanelMatrix<TablePanel<IQ4_XSFormat>>(rows, columns, origin),
        GgmlType.MXFP4 => new PanelMatrix<TablePanel<MXFP4Format>>(rows, columns, origin),
        GgmlType.NVFP4 => new PanelMatrix<NVFP4Panel>(rows, columns, origin),
        _ => null,
    };

    private static void CheckShape(GgmlType type, int rows, int columns, long sourceBytes)
    {
        if (!BlockCodec.IsSupported(type))
        {
            throw new InferometerException(
                $"Weights stored as {type} have no kernel. Supported: {string.Join(", ", BlockCodec.SupportedTypes)}.");
        }

        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        if (columns % type.BlockSize() != 0)
        {
            throw new ArgumentException($"{columns} columns are no whole number of {type} blocks of {type.BlockSize()}.", nameof(columns));
        }

        long needed = type.ByteCount((long)rows * columns);
        if (sourceBytes < needed)
        {
            throw new ArgumentException(
                $"A {rows} x {columns} matrix of {type} needs {needed} bytes; {sourceBytes} are there.", nameof(sourceBytes));
        }
    }
}
