using ILGPU;

namespace Inferometer.Gpu.Kernels;

/// <summary>
/// Products of small matrices that the 32 threads of a warp do together; each thread holds some words of both and four numbers of the
/// result. With g = thread / 4 and t = thread mod 4 a thread holds of the result rows g (c0, c1) and g + 8 (c2, c3), columns 2 t and
/// 2 t + 1.
/// </summary>
internal interface IMatrixCores
{
    /// <summary>
    /// Adds the product of 16 x 32 and 32 x 8 signed bytes. Of the left one a thread holds bytes 4 t to 4 t + 3 of rows g (a0) and g + 8
    /// (a1) and the same 16 further on (a2, a3), of the right one those of column g (b0, b1).
    /// </summary>
    static abstract void Bytes(
        ref int c0, ref int c1, ref int c2, ref int c3, int a0, int a1, int a2, int a3, int b0, int b1, ArrayView<int> room);

    /// <summary>Adds the product of 16 x 16 and 16 x 8 signed bytes: a0, a1 and b0 alone.</summary>
    static abstract void HalfBytes(ref int c0, ref int c1, ref int c2, ref int c3, int a0, int a1, int b0, ArrayView<int> room);

    /// <summary>
    /// Adds the product of 16 x 16 and 16 x 8 half-precision numbers, two in a word: as for bytes, but numbers 2 t, 2 t + 1 and 8 further
    /// on.
    /// </summary>
    static abstract void Halves(
        ref float c0, ref float c1, ref float c2, ref float c3, int a0, int a1, int a2, int a3, int b0, int b1, ArrayView<int> room);

    /// <summary>The same of bfloat16 numbers.</summary>
    static abstract void Brains(
        ref float c0, ref float c1, ref float c2, ref float c3, int a0, int a1, int a2, int a3, int b0, int b1, ArrayView<int> room);
}
