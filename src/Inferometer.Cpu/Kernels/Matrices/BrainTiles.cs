using System.Runtime.InteropServices;
using Inferometer.Core.Gguf;
using Inferometer.Cpu.Kernels.Emitted;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>
/// F16 and BF16 weights times several tokens in tiles (AMX), whose products of bf16 numbers are sixteen times those of vectors of f32.
/// Activations are two bf16 numbers each (<see cref="BrainActivations"/>); a weight of BF16 is one, of F16 two: its upper eight bits and
/// the other three. Of their four products that of the two rests is left out, so that a product is good to a part in 2^15.
/// </summary>
/// <remarks>
/// Up to 32 tokens read weights once, as they are stored; F16 is split on the way. For more tokens weights of a few hundred rows are first
/// arranged as tiles, and columns are taken in slices, of which the activations of 32 tokens stay in the first cache while rows pass.
/// </remarks>
internal static unsafe class BrainTiles
{
    /// <summary>Rows of one call.</summary>
    public const int Rows = 2 * TileShapes.MaxRows;

    /// <summary>Tokens of one call, at most.</summary>
    public const int MaxTokens = 2 * BrainActivations.GroupTokens;

    /// <summary>Tiles of sums.</summary>
    public const int Sums = 4;

    /// <summary>Bytes of 32 rows and columns as tiles.</summary>
    public const int BlockBytes = 2 * BrainActivations.PartBytes;

    /// <summary>Bytes of 32 rows and columns that are split: what they are rounded to, then what is left.</summary>
    public const int SplitBlockBytes = 2 * BlockBytes;

    /// <summary>Where in its <see cref="Work"/> the code finds the second group's activations.</summary>
    public const int OtherActivationsAt = 0;

    /// <summary>Where the address of the sums: tiles of [row][token].</summary>
    public const int SumsAt = 8;

    /// <summary>Where the address of two blocks of split weights, aligned to both.</summary>
    public const int PanelAt = 16;

    /// <summary>Fewest tokens that tiles are used for; fewer read their rows faster as vectors.</summary>
    public const int FewestTokens = 3;

    // Of the columns, so that activations of 32 tokens fit the first cache.
    private const int SliceBlocks = 8;

    // Tiles that stay in a second cache beside the activations of 32 tokens.
    private const int MaxArrangedBytes = 1 << 20;

    private const int MaxGroups = 8;

    private const int SumBytes = Sums * BrainActivations.PartBytes;

    private static readonly delegate* unmanaged<TileShapes*, void> s_begin =
        (delegate* unmanaged<TileShapes*, void>)TileKernels.Place(BrainTileCode.Begin);

    private static readonly delegate* unmanaged<void> s_end = (delegate* unmanaged<void>)TileKernels.Place(BrainTileCode.End);

    private static readonly delegate* unmanaged<byte*, nint, byte*, nint, void>
        s_copy = PlaceArrange(splits: false), s_split = PlaceArrange(splits: true);

    private static readonly delegate* unmanaged<byte*, nint, byte*, nint, Work*, void>
        s_stream = Place(() => BrainTileCode.Stream(1)), s_streamTwice = Place(() => BrainTileCode.Stream(2)),
        s_streamSplit = Place(() => BrainTileCode.StreamSplit(1)), s_streamSplitTwice = Place(() => BrainTileCode.StreamSplit(2)),
        s_arranged = Place(() => BrainTileCode.Multiply(1, false)), s_arrangedTwice = Place(() => BrainTileCode.Multiply(2, false)),
        s_arrangedSplit = Place(() => BrainTileCode.Multiply(1, true)), s_arrangedSplitTwice = Place(() => BrainTileCode.Multiply(2, true));

    /// <summary>Whether matrices of these formats are multiplied so here.</summary>
    public static bool IsSupported(GgmlType type, int columns) => TileKernels.IsSupported
        && columns % BrainActivations.BlockColumns == 0 && type is GgmlType.F16 or GgmlType.BF16;

    /// <summary>The activations for weights of these formats.</summary>
    public static ActivationLayout LayoutFor(GgmlType type) =>
        type == GgmlType.F16 ? ActivationLayout.BrainTilesInHalves : ActivationLayout.BrainTiles;

    /// <summary>Rows of a piece of work for more than <see cref="MaxTokens"/>.</summary>
    public static int ArrangedRows(GgmlType type, int columns) =>
        Rows * Math.Clamp(MaxArrangedBytes / ArrangedBytes(type, columns), 1, MaxGroups);

    /// <summary>Bytes of scratch for either way to multiply.</summary>
    public static int ScratchBytes(GgmlType type, int columns, int tokens)
    {
        int panels = tokens <= MaxTokens ? 2 * SplitBlockBytes : ArrangedRows(type, columns) / Rows * ArrangedBytes(type, columns);
        return checked((2 * SplitBlockBytes) + panels + ((MaxGroups + 1) * SumBytes) + (Rows * columns * sizeof(ushort)));
    }

    /// <summary>Multiplies rows by up to <see cref="MaxTokens"/>.</summary>
    /// <param name="type">F16 or BF16.</param>
    /// <param name="source">First byte of the matrix.</param>
    /// <param name="columns">A multiple of 32.</param>
    /// <param name="first">First row, a multiple of 32.</param>
    /// <param name="end">Row behind the last.</param>
    /// <param name="operand">Activations of <see cref="LayoutFor"/>, and the output.</param>
    /// <param name="rows">Rows of the matrix.</param>
    /// <param name="scratch"><see cref="ScratchBytes"/>, aligned to 64.</param>
    public static void Stream(
        GgmlType type, byte* source, int columns, int first, int end, in MatrixOperand operand, int rows, byte* scratch)
    {
        int rowBytes = columns * sizeof(ushort), blocks = columns / BrainActivations.BlockColumns;
        Scratch parts = new(scratch, 2 * SplitBlockBytes);
        Work work = new()
        {
            OtherActivations = operand.Activations + BrainActivations.GroupBytes(columns),
            Sums = (byte*)parts.Sums,
            Panel = parts.Panels,
        };
        bool isTwice = operand.Tokens > BrainActivations.GroupTokens;
        delegate* unmanaged<byte*, nint, byte*, nint, Work*, void> kernel = type == GgmlType.F16
            ? isTwice ? s_streamSplitTwice : s_streamSplit
            : isTwice ? s_streamTwice : s_stream;
        BeginTiles();
        for (int row = first; row < end; row += Rows)
        {
            kernel(WholeRows(source, rowBytes, row, rows, parts.Padded), rowBytes, operand.Activations, blocks, &work);
            Store(operand, parts.Sums, row, rows, 0, operand.Tokens, parts.Turned);
        }

        s_end();
    }

    /// <summary>Multiplies up to <see cref="ArrangedRows"/> by any number of tokens; otherwise as <see cref="Stream"/>.</summary>
    public static void Multiply(
        GgmlType type, byte* source, int columns, int first, int end, in MatrixOperand operand, int rows, byte* scratch)
    {
        bool splits = type == GgmlType.F16;
        int rowBytes = columns * sizeof(ushort), blocks = columns / BrainActivations.BlockColumns;
        int panelBytes = ArrangedBytes(type, columns), blockBytes = panelBytes / blocks, groups = (end - first + Rows - 1) / Rows;
        Scratch parts = new(scratch, groups * panelBytes);
        for (int group = 0; group < groups; group++)
        {
            byte* weights = WholeRows(source, rowBytes, first + (group * Rows), rows, parts.Padded);
            (splits ? s_split : s_copy)(weights, rowBytes, parts.Panels + ((long)group * panelBytes), blocks);
        }

        BeginTiles();
        for (int token = 0; token < operand.Tokens; token += MaxTokens)
        {
            int tokens = Math.Min(MaxTokens, operand.Tokens - token);
            bool isTwice = tokens > BrainActivations.GroupTokens;
            delegate* unmanaged<byte*, nint, byte*, nint, Work*, void> kernel = splits
                ? isTwice ? s_arrangedSplitTwice : s_arrangedSplit
                : isTwice ? s_arrangedTwice : s_arranged;
            byte* x = operand.Activations + (token / BrainActivations.GroupTokens * BrainActivations.GroupBytes(columns));
            new Span<byte>(parts.Sums, groups * SumBytes).Clear();
            for (int block = 0; block < blocks; block += SliceBlocks)
            {
                byte* slice = x + (block * BrainActivations.BlockBytes), panel = parts.Panels + ((long)block * blockBytes);
                Work work = new() { OtherActivations = slice + BrainActivations.GroupBytes(columns), Sums = (byte*)parts.Sums };
                for (int group = 0; group < groups; group++)
                {
                    kernel(panel, 0, slice, Math.Min(SliceBlocks, blocks - block), &work);
                    panel += panelBytes;
                    work.Sums += SumBytes;
                }
            }

            for (int group = 0; group < groups; group++)
            {
                float* sums = parts.Sums + (group * SumBytes / sizeof(float));
                Store(operand, sums, first + (group * Rows), rows, token, tokens, parts.Turned);
            }
        }

        s_end();
    }

    private static int ArrangedBytes(GgmlType type, int columns) =>
        columns / BrainActivations.BlockColumns * (type == GgmlType.F16 ? SplitBlockBytes : BlockBytes);

    private static void BeginTiles()
    {
        TileShapes shapes = TileShapes.Whole;
        s_begin(&shapes);
    }

    // Code reads 32 rows; behind the matrix's last one there may be no memory, so that those come from a copy.
    private static byte* WholeRows(byte* source, int rowBytes, int row, int rows, byte* padded)
    {
        byte* weights = source + ((long)row * rowBytes);
        if (row + Rows <= rows)
        {
            return weights;
        }

        int bytes = (rows - row) * rowBytes;
        new ReadOnlySpan<byte>(weights, bytes).CopyTo(new Span<byte>(padded, bytes));
        new Span<byte>(padded + bytes, (Rows * rowBytes) - bytes).Clear();
        return padded;
    }

    private static void Store(in MatrixOperand operand, float* sums, int row, int rows, int token, int tokens, float* turned)
    {
        const int Tile = BrainActivations.PartBytes / sizeof(float), Half = TileShapes.MaxRows, Group = BrainActivations.GroupTokens;
        byte** lines = stackalloc byte*[Half];
        for (int tile = 0; tile < (tokens <= Group ? 2 : Sums); tile++)
        {
            int start = row + (tile % 2 * Half), firstToken = token + (tile / 2 * Group);
            if (start >= rows)
            {
                continue;
            }

            for (int i = 0; i < Half; i++)
            {
                lines[i] = (byte*)(sums + (tile * Tile) + (i * Group));
            }

            Transposition.Rows16<StoredFloat32>(lines, Group, turned, Half);
            PanelRows.Store(operand, turned, start, rows, firstToken, Math.Min(Group, token + tokens - firstToken));
        }
    }

    private static delegate* unmanaged<byte*, nint, byte*, nint, void> PlaceArrange(bool splits) =>
        (delegate* unmanaged<byte*, nint, byte*, nint, void>)TileKernels.Place(() => BrainTileCode.Arrange(splits));

    private static delegate* unmanaged<byte*, nint, byte*, nint, Work*, void> Place(Func<Assembler> write) =>
        (delegate* unmanaged<byte*, nint, byte*, nint, Work*, void>)TileKernels.Place(write);

    /// <summary>What the code needs besides its other arguments.</summary>
    [StructLayout(LayoutKind.Explicit)]
    internal struct Work
    {
        /// <summary>Activations of the second group of 16 tokens.</summary>
        [FieldOffset(OtherActivationsAt)]
        public byte* OtherActivations;

        /// <summary>Sums of 32 rows.</summary>
        [FieldOffset(SumsAt)]
        public byte* Sums;

        /// <summary>Two blocks of split weights.</summary>
        [FieldOffset(PanelAt)]
        public byte* Panel;
    }

    // How the scratch is used: tiles of weights, sums of all groups of rows, a tile that is turned, and rows that are made whole.
    [StructLayout(LayoutKind.Auto)]
    private readonly ref struct Scratch
    {
        public readonly byte* Panels;
        public readonly float* Sums;
        public readonly float* Turned;
        public readonly byte* Padded;

        public Scratch(byte* scratch, long panelBytes)
        {
            Panels = (byte*)(((nint)scratch + (2 * SplitBlockBytes) - 1) & -(2 * SplitBlockBytes));
            Sums = (float*)(Panels + panelBytes);
            Turned = Sums + (MaxGroups * SumBytes / sizeof(float));
            Padded = (byte*)Turned + SumBytes;
        }
    }
}
