using ILGPU;

namespace Inferometer.Gpu.Kernels;

/// <summary>
/// What an adapter adds to a linear layer, <c>scale up(down(x))</c>, for the tokens of neighbouring sequences that have it.
/// </summary>
internal static class LoraKernels
{
    /// <summary>The way down: a warp has a row of the factor and a token.</summary>
    /// <param name="factor">[rank][columns].</param>
    /// <param name="rank">Rows of the factor.</param>
    /// <param name="columns">Inputs of the layer.</param>
    /// <param name="input">Inputs of the first of the tokens and of those after it, [tokens][columns].</param>
    /// <param name="inner">Filled, [tokens][rank].</param>
    public static void Down<TLanes>(ArrayView<float> factor, int rank, int columns, ArrayView<float> input, ArrayView<float> inner)
        where TLanes : struct, ILanes
    {
        int lane = Group.IdxX % TLanes.Count, row = (Grid.IdxX * (Group.DimX / TLanes.Count)) + (Group.IdxX / TLanes.Count);
        if (row >= rank)
        {
            return;
        }

        long weights = (long)row * columns, values = (long)Grid.IdxY * columns;
        float sum = 0;
        for (int i = lane; i < columns; i += TLanes.Count)
        {
            sum += factor[weights + i] * input[values + i];
        }

        sum = Reductions.WarpSum<TLanes>(sum);
        if (lane == 0)
        {
            inner[((long)Grid.IdxY * rank) + row] = sum;
        }
    }

    /// <summary>The way up, added to what the layer gave: a thread has an output of a token.</summary>
    /// <param name="factor">[rows][rank].</param>
    /// <param name="rows">Outputs of the layer.</param>
    /// <param name="rank">Columns of the factor.</param>
    /// <param name="inner">What the way down gave, [tokens][rank].</param>
    /// <param name="scale">Factor on the sum.</param>
    /// <param name="output">Outputs of the first of the tokens and of those after it.</param>
    /// <param name="stride">Numbers from one token's outputs to the next one's.</param>
    /// <param name="offset">Where the layer's begin among them.</param>
    public static void Up(
        ArrayView<float> factor, int rows, int rank, ArrayView<float> inner, float scale, ArrayView<float> output, int stride, int offset)
    {
        int row = (Grid.IdxX * Group.DimX) + Group.IdxX;
        if (row >= rows)
        {
            return;
        }

        long weights = (long)row * rank, values = (long)Grid.IdxY * rank;
        float sum = 0;
        for (int i = 0; i < rank; i++)
        {
            sum += factor[weights + i] * inner[values + i];
        }

        output[((long)Grid.IdxY * stride) + offset + row] += scale * sum;
    }
}
