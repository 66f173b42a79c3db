using ILGPU;
using Inferometer.Core.Gguf;
using Inferometer.Core.Models;
using Inferometer.Gpu.Kernels;
using Inferometer.Gpu.Weights;

namespace Inferometer.Gpu.Tests.Kernels;

/// <summary>
/// Launches in which the last group goes on with what all have written, against the launches that they stand for. Where there are two warps
/// in a group, groups run side by side as well. Each twice: counters are left as they were found.
/// </summary>
public sealed class FusedKernelTests
{
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(4, 1, 6)]
    [InlineData(4, 2, 6)]
    [InlineData(4, 2, 1)]
    public void Rows_join_the_residual_stream_and_are_normed(int lanes, int warps, int tokens)
    {
        const int width = 64, columns = 96;
        using KernelBench bench = new(lanes, 31, warps);
        (DeviceMatrix matrix, _) = bench.Matrix(GgmlType.Q8_0, width, columns);
        (Operand operand, _) = bench.Activations(matrix.Kernels, tokens, columns);
        ArrayView<float> bias = bench.Upload(bench.Values(width));
        float[] residual = bench.Values(tokens * width);
        NormArguments apart = Norm(bench, residual, tokens, width), fused = Norm(bench, residual, tokens, width);
        (apart.Weight, apart.PostWeight) = (fused.Weight, fused.PostWeight);
        ArrayView<int> arrivals = bench.Upload(new int[2]);
        int tiles = (tokens + FormatKernels.TileTokens - 1) / FormatKernels.TileTokens;
        for (int step = 0; step < 2; step++)
        {
            matrix.Kernels.For(tokens).Multiply(
                bench.Grid(width, tiles), matrix.Weights, operand, bias, 1, apart.Change, width, 0);
            bench.Device.Kernels.JoinAndNorm(new KernelConfig(tokens, bench.Device.Warps * lanes), apart);
            matrix.Kernels.For(tokens).MultiplyThenNorm(bench.Grid(width, tiles), matrix.Weights, operand, bias, 1, fused, arrivals);
            Assert.Equal(bench.Download(apart.Change), bench.Download(fused.Change));
            Assert.Equal(bench.Download(apart.Residual), bench.Download(fused.Residual));
            Assert.Equal(bench.Download(apart.Output), bench.Download(fused.Output));
            Assert.Equal(bench.Download(apart.Quants), bench.Download(fused.Quants));
            Assert.Equal([0, 0], bench.Download(arrivals));
        }
    }

    [Theory]
    [InlineData(1, 1, 1, false)]
    [InlineData(4, 1, 6, true)]
    [InlineData(4, 2, 6, false)]
    [InlineData(4, 2, 1, true)]
    public void Heads_are_rotated_and_stored(int lanes, int warps, int tokens, bool rounds)
    {
        const int heads = 4, kvHeads = 2, width = 32, all = heads + (2 * kvHeads), columns = 64, pairs = 12;
        using KernelBench bench = new(lanes, 32, warps);
        (DeviceMatrix first, _) = bench.Matrix(GgmlType.Q8_0, (heads + kvHeads) * width, columns);
        (DeviceMatrix second, _) = bench.Matrix(GgmlType.Q8_0, kvHeads * width, columns);
        (Operand operand, _) = bench.Activations(first.Kernels, tokens, columns);
        AttentionArguments apart = Attention(), fused = Attention();
        ArrayView<float> cosines = bench.Upload(bench.Values(tokens * pairs)), none = bench.Upload(new float[first.Rows]);
        RotaryArguments rotary = new()
        {
            Cosines = cosines,
            Sines = bench.Upload(bench.Values(tokens * pairs)),
            QueryNorm = bench.Upload(bench.Values(width)),
            KeyNorm = bench.Upload(bench.Values(width)),
            Pairs = pairs,
            HasNorm = 1,
            Epsilon = 1e-5f,
        };
        int tiles = (tokens + FormatKernels.TileTokens - 1) / FormatKernels.TileTokens;
        ArrayView<int> arrivals = bench.Upload(new int[tiles * all]);
        for (int step = 0; step < 2; step++)
        {
            TileKernels of = first.Kernels.For(tokens);
            of.Multiply(bench.Grid(first.Rows, tiles), first.Weights, operand, none, 0, apart.Inputs, all * width, 0);
            of.Multiply(bench.Grid(second.Rows, tiles), second.Weights, operand, none, 0, apart.Inputs, all * width, first.Rows);
            (rounds ? bench.Device.Kernels.StoreRounded : bench.Device.Kernels.Store)(
                new KernelConfig(bench.Device.GroupsFor(tokens * all), bench.Device.Warps * lanes), apart, rotary);
            (rounds ? of.MultiplyThenStoreRounded : of.MultiplyThenStore)(
                bench.Grid(first.Rows, tiles), first.Weights, operand, none, 0, 0, fused, rotary, arrivals);
            (rounds ? of.MultiplyThenStoreRounded : of.MultiplyThenStore)(
                bench.Grid(second.Rows, tiles), second.Weights, operand, none, 0, heads + kvHeads, fused, rotary, arrivals);
            Assert.Equal(bench.Download(apart.Inputs), bench.Download(fused.Inputs));
            Assert.Equal(bench.Download(apart.Keys), bench.Download(fused.Keys));
            Assert.Equal(bench.Download(apart.Values), bench.Download(fused.Values));
            Assert.Equal(bench.Download(apart.ValueScales), bench.Download(fused.ValueScales));
            Assert.All(bench.Download(arrivals), count => Assert.Equal(0, count));
            Assert.Contains(bench.Download(fused.Values), bits => bits != 0);
        }

        AttentionArguments Attention()
        {
            const int cells = 2 * kvHeads * 16;
            ArrayView<int> numbers = bench.Upload(Enumerable.Range(3, tokens).ToArray());
            ArrayView<float> inputs = bench.Upload(new float[tokens * all * width]);
            return new AttentionArguments
            {
                Inputs = inputs,
                Keys = bench.Upload(new ushort[cells * width]),
                Values = bench.Upload(new ushort[cells * width]),
                KeyScales = bench.Upload(new ushort[cells]),
                ValueScales = bench.Upload(new ushort[cells]),
                Output = inputs,
                Quants = numbers,
                Scales = bench.Upload(new ActivationScale[1]),
                Arrivals = numbers,
                Positions = numbers,
                Slots = numbers,
                TableStarts = numbers,
                Tables = numbers,
                Sinks = inputs,
                Parts = inputs,
                Tokens = tokens,
                Heads = heads,
                KvHeads = kvHeads,
                Width = width,
                Splits = 1,
            };
        }
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(4, 1, 6)]
    [InlineData(4, 2, 6)]
    [InlineData(4, 2, 1)]
    public void Both_halves_of_a_gated_network_are_rounded_for_the_next_weights(int lanes, int warps, int tokens)
    {
        const int rows = 96, columns = 64;
        using KernelBench bench = new(lanes, 33, warps);
        (DeviceMatrix gate, _) = bench.Matrix(GgmlType.Q4_0, rows, columns);
        (DeviceMatrix up, _) = bench.Matrix(GgmlType.Q4_0, rows, columns);
        (Operand operand, _) = bench.Activations(gate.Kernels, tokens, columns);
        ArrayView<float> apart = bench.Upload(new float[tokens * rows]), fused = bench.Upload(new float[tokens * rows]);
        ArrayView<float> none = bench.Upload(new float[rows]);
        ArrayView<int> quants = bench.Upload(new int[tokens * rows / 4]);
        ArrayView<ActivationScale> scales = bench.Upload(new ActivationScale[tokens * rows / 32]);
        int tiles = (tokens + FormatKernels.TileTokens - 1) / FormatKernels.TileTokens;
        ArrayView<int> arrivals = bench.Upload(new int[tiles * rows / 32]);
        TileKernels of = gate.Kernels.For(tokens);
        for (int step = 0; step < 2; step++)
        {
            of.GateUp(
                bench.Grid(rows, tiles), gate.Weights, up.Weights, operand, none, none, 0, apart, (int)ActivationKind.Silu);
            of.GateUpThenRound(
                bench.Grid(rows, tiles), gate.Weights, up.Weights, operand, none, none, 0, fused, (int)ActivationKind.Silu, quants, scales,
                arrivals);
            float[] actual = bench.Download(fused);
            Assert.Equal(bench.Download(apart), actual);
            bench.AssertRounded(actual, quants, scales);
            Assert.All(bench.Download(arrivals), count => Assert.Equal(0, count));
        }
    }

    private static NormArguments Norm(KernelBench bench, float[] residual, int tokens, int width) => new()
    {
        Residual = bench.Upload(residual),
        Change = bench.Upload(new float[tokens * width]),
        PostWeight = bench.Upload(bench.Values(width)),
        Weight = bench.Upload(bench.Values(width)),
        Output = bench.Upload(new float[tokens * width]),
        Quants = bench.Upload(new int[tokens * width / 4]),
        Scales = bench.Upload(new ActivationScale[tokens * width / 32]),
        Map = bench.Upload(new int[1]),
        Width = width,
        Epsilon = 1e-5f,
        ResidualScale = 1,
        HasChange = 1,
        HasPostNorm = 1,
        HasNorm = 1,
        Rounds = 1,
    };
}
