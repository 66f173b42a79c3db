using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Inferometer.Cpu.Kernels.Emitted;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>An emitted kernel that multiplies on tiles, and the memory it works in.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly unsafe struct TileKernel
{
    /// <summary>Bytes of sixteen numbers of 32 bits, or of four columns of sixteen rows.</summary>
    public const int RowBytes = 64;

    /// <summary>Bytes of the products of 16 tokens and 16 rows.</summary>
    public const int AreaBytes = TileShapes.MaxRows * RowBytes;

    /// <summary>In the frame: shapes of tiles.</summary>
    public const int ShapesAt = 0;

    /// <summary>The address of the sums.</summary>
    public const int SumsAt = 64;

    /// <summary>The number of tokens.</summary>
    public const int TokensAt = 72;

    /// <summary>From a block of activations to the same token's next.</summary>
    public const int BlockStepAt = 80;

    /// <summary>The address of the activations that are multiplied now.</summary>
    public const int ActivationsAt = 88;

    /// <summary>How far before the last fewer than 16 tokens the group begins that they are multiplied in: of their activations.</summary>
    public const int RestBackAt = 96;

    /// <summary>The same of their products.</summary>
    public const int RestAreaAt = 104;

    /// <summary>From the first of that group's products to behind its last.</summary>
    public const int RestEndAt = 112;

    /// <summary>Vectors that belong to weights, of the pass that is multiplied.</summary>
    public const int NewVectorsAt = 128;

    /// <summary>The same of the pass that is finished.</summary>
    public const int VectorsAt = NewVectorsAt + (MaxVectors * RowBytes);

    /// <summary>Unpacked weights.</summary>
    public const int WeightsAt = VectorsAt + (MaxVectors * RowBytes);

    /// <summary>Products of groups of tokens.</summary>
    public const int AreasAt = WeightsAt + (MaxWeightRows * RowBytes);

    private const int MaxVectors = 16, MaxWeightRows = 128, MaxAreas = 3;
    private const int FrameBytes = AreasAt + (MaxAreas * Int8Activations.SlabTokens * RowBytes);

    private readonly delegate* unmanaged<byte*, nint, byte*, byte*, void> _code;
    private readonly int _columnBytes;
    private readonly int _activationBytes;
    private readonly int _together;
    private readonly int _fewest;

    /// <param name="write">Writes the kernel.</param>
    /// <param name="columnBytes">Columns that one product of tiles adds up, 4 to 64.</param>
    /// <param name="activationBytes">From a token's activations to the next one's.</param>
    /// <param name="together">Blocks of a round.</param>
    /// <param name="fewest">Tokens from which it is faster than kernels on vectors.</param>
    public TileKernel(Func<Assembler> write, int columnBytes, int activationBytes, int together, int fewest)
    {
        _code = (delegate* unmanaged<byte*, nint, byte*, byte*, void>)TileKernels.Place(write);
        _columnBytes = columnBytes;
        _activationBytes = activationBytes;
        _together = together;
        _fewest = _code is null ? int.MaxValue : fewest;
    }

    private TileKernel(int fewest) => _fewest = fewest;

    /// <summary>For no number of tokens.</summary>
    public static TileKernel None { get; } = new(int.MaxValue);

    /// <summary>A group's activations.</summary>
    public static Tmm Activations => new(3);

    /// <summary>A group's product, 0 to 2.</summary>
    public static Tmm Products(int number) => new(number);

    /// <summary>A tile of weights, 0 to 3.</summary>
    public static Tmm Weights(int number) => new(4 + number);

    /// <summary>Whether it is for so many tokens.</summary>
    public bool Takes(int tokens) => tokens >= _fewest;

    /// <summary>
    /// Does what <see cref="IPanelKernel.Multiply"/> does for the first blocks, whole rounds; returns how many those are.
    /// </summary>
    [SkipLocalsInit]
    public int Multiply(byte* panel, int blocks, byte* x, int tokens, float* sums)
    {
        int rounds = blocks / _together;
        if (rounds == 0)
        {
            return 0;
        }

        byte* memory = stackalloc byte[FrameBytes + RowBytes];
        byte* frame = memory + (-(nint)memory & (RowBytes - 1));
        TileShapes shapes = default;
        int rows = Math.Min(tokens, TileShapes.MaxRows), missing = (rows - (tokens % rows)) % rows;
        for (int number = 0; number < 3; number++)
        {
            shapes.Set(Products(number), rows, RowBytes);
        }

        shapes.Set(Activations, rows, _columnBytes);
        for (int number = 0; number < 4; number++)
        {
            shapes.Set(Weights(number), _columnBytes / 4, RowBytes);
        }

        *(TileShapes*)(frame + ShapesAt) = shapes;
        *(float**)(frame + SumsAt) = sums;
        *(nint*)(frame + TokensAt) = tokens;
        *(nint*)(frame + BlockStepAt) = (nint)tokens * _activationBytes;
        *(byte**)(frame + ActivationsAt) = x;
        *(nint*)(frame + RestBackAt) = (nint)missing * _activationBytes;
        *(nint*)(frame + RestAreaAt) = missing * RowBytes;
        *(nint*)(frame + RestEndAt) = rows * RowBytes;
        _code(panel, rounds, x, frame);
        return rounds * _together;
    }

    /// <summary>The same where it is for so many tokens; goes on behind those blocks, and says whether none are left.</summary>
    /// <param name="panel">The first block.</param>
    /// <param name="panelBlockBytes">Bytes of a block.</param>
    /// <param name="x">Its activations.</param>
    /// <param name="activationBlocks">Blocks of activations that belong to it.</param>
    /// <param name="blocks">Number of blocks.</param>
    /// <param name="tokens">Number of tokens.</param>
    /// <param name="sums">[tokens][16], added to.</param>
    public bool MultiplyAll(
        ref byte* panel, int panelBlockBytes, ref byte* x, int activationBlocks, ref int blocks, int tokens, float* sums)
    {
        if (!Takes(tokens))
        {
            return false;
        }

        int done = Multiply(panel, blocks, x, tokens, sums);
        panel += (long)done * panelBlockBytes;
        x += (long)done * activationBlocks * tokens * _activationBytes;
        blocks -= done;
        return blocks == 0;
    }
}
