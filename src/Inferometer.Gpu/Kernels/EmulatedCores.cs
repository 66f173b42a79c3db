using ILGPU;

namespace Inferometer.Gpu.Kernels;

/// <summary>The same without a card: threads lay their words out in shared memory and read those of the others. For tests alone.</summary>
internal readonly struct EmulatedCores : IMatrixCores
{
    /// <summary>Words of shared memory that a warp needs.</summary>
    public const int Room = 32 * Words;

    private const int Words = 6;

    public static void Bytes(
        ref int c0, ref int c1, ref int c2, ref int c3, int a0, int a1, int a2, int a3, int b0, int b1, ArrayView<int> room)
    {
        Share(a0, a1, a2, a3, b0, b1, room);
        int row = Lane / 4, column = Lane % 4 * 2;
        for (int word = 0; word < 8; word++)
        {
            int b = Right(room, word, column), next = Right(room, word, column + 1);
            c0 = DeviceMath.Dot4(Left(room, word, row), b, c0);
            c1 = DeviceMath.Dot4(Left(room, word, row), next, c1);
            c2 = DeviceMath.Dot4(Left(room, word, row + 8), b, c2);
            c3 = DeviceMath.Dot4(Left(room, word, row + 8), next, c3);
        }

        Warp.Barrier();
    }

    public static void HalfBytes(ref int c0, ref int c1, ref int c2, ref int c3, int a0, int a1, int b0, ArrayView<int> room) =>
        Bytes(ref c0, ref c1, ref c2, ref c3, a0, a1, 0, 0, b0, 0, room);

    public static void Halves(
        ref float c0, ref float c1, ref float c2, ref float c3, int a0, int a1, int a2, int a3, int b0, int b1, ArrayView<int> room)
    {
        Share(a0, a1, a2, a3, b0, b1, room);
        int row = Lane / 4, column = Lane % 4 * 2;
        for (int word = 0; word < 8; word++)
        {
            int b = Right(room, word, column), next = Right(room, word, column + 1);
            c0 += HalfDot(Left(room, word, row), b);
            c1 += HalfDot(Left(room, word, row), next);
            c2 += HalfDot(Left(room, word, row + 8), b);
            c3 += HalfDot(Left(room, word, row + 8), next);
        }

        Warp.Barrier();
    }

    public static void Brains(
        ref float c0, ref float c1, ref float c2, ref float c3, int a0, int a1, int a2, int a3, int b0, int b1, ArrayView<int> room)
    {
        Share(a0, a1, a2, a3, b0, b1, room);
        int row = Lane / 4, column = Lane % 4 * 2;
        for (int word = 0; word < 8; word++)
        {
            int b = Right(room, word, column), next = Right(room, word, column + 1);
            c0 += BrainDot(Left(room, word, row), b);
            c1 += BrainDot(Left(room, word, row), next);
            c2 += BrainDot(Left(room, word, row + 8), b);
            c3 += BrainDot(Left(room, word, row + 8), next);
        }

        Warp.Barrier();
    }

    private static int Lane => Group.IdxX % 32;

    private static void Share(int a0, int a1, int a2, int a3, int b0, int b1, ArrayView<int> room)
    {
        int at = Lane * Words;
        room[at] = a0;
        room[at + 1] = a1;
        room[at + 2] = a2;
        room[at + 3] = a3;
        room[at + 4] = b0;
        room[at + 5] = b1;
        Warp.Barrier();
    }

    // Word w of a row is with thread w mod 4 of its eight; the second half, and rows from 8 on, are in registers of their own.
    private static int Left(ArrayView<int> room, int word, int row) =>
        room[((((row % 8) * 4) + (word % 4)) * Words) + (row / 8) + (word / 4 * 2)];

    private static int Right(ArrayView<int> room, int word, int column) => room[(((column * 4) + (word % 4)) * Words) + 4 + (word / 4)];

    private static float HalfDot(int a, int b) =>
        (DeviceMath.HalfToFloat(a & 0xFFFF) * DeviceMath.HalfToFloat(b & 0xFFFF))
            + (DeviceMath.HalfToFloat((a >> 16) & 0xFFFF) * DeviceMath.HalfToFloat((b >> 16) & 0xFFFF));

    private static float BrainDot(int a, int b) =>
        (DeviceMath.BrainToFloat(a & 0xFFFF) * DeviceMath.BrainToFloat(b & 0xFFFF))
            + (DeviceMath.BrainToFloat((a >> 16) & 0xFFFF) * DeviceMath.BrainToFloat((b >> 16) & 0xFFFF));
}
