using ILGPU;
using Inferometer.Gpu.Kernels;

namespace Inferometer.Gpu.Tests.Kernels;

/// <summary>Attention over pages on the emulated device against the definition in double precision.</summary>
public sealed class AttentionKernelTests
{
    private const int Heads = 4, KvHeads = 2, Width = 16, Pages = 12;

    [Theory]
    [InlineData(1, 1, 0, 0, false)]
    [InlineData(1, 3, 0, 0, false)]
    [InlineData(1, 3, 40, 0, true)]
    [InlineData(1, 1, 40, 5, true)]
    [InlineData(4, 1, 0, 5, false)]
    [InlineData(4, 3, 40, 0, true)]
    public void Heads_attend_to_their_pages(int lanes, int splits, int window, float softcap, bool hasSinks)
    {
        using KernelBench bench = new(lanes, 7);
        int[] positions = [70, 3, 33], starts = [0, 5, 6], tables = [9, 2, 7, 0, 11, 4, 1, 3, 8];
        float[] inputs = bench.Values(3 * (Heads + (2 * KvHeads)) * Width, 2);
        float[] keys = Halves(bench.Values(Pages * KvHeads * 16 * Width)), values = Halves(bench.Values(Pages * KvHeads * 16 * Width));
        float[] sinks = bench.Values(Heads, 2);
        AttentionArguments arguments = new()
        {
            Inputs = bench.Upload(inputs),
            Keys = bench.Upload(Array.ConvertAll(keys, Bits)),
            Values = bench.Upload(Array.ConvertAll(values, Bits)),
            Output = bench.Upload(new float[3 * Heads * Width]),
            Positions = bench.Upload(positions),
            Slots = bench.Upload(positions),
            TableStarts = bench.Upload(starts),
            Tables = bench.Upload(tables),
            Sinks = bench.Upload(sinks),
            Parts = bench.Upload(new float[3 * Heads * splits * (Width + 2)]),
            Tokens = 3,
            Heads = Heads,
            KvHeads = KvHeads,
            Width = Width,
            Scale = 0.25f,
            Softcap = softcap,
            Window = window,
            HasSinks = hasSinks ? 1 : 0,
            Splits = splits,
        };
        bench.Device.Kernels.Attend(bench.Grid(3 * Heads, splits), arguments);
        if (splits > 1)
        {
            bench.Device.Kernels.Combine(new KernelConfig(3 * Heads, lanes), arguments);
        }

        float[] actual = bench.Download(arguments.Output);
        for (int item = 0; item < 3 * Heads; item++)
        {
            (int token, int head) = (item / Heads, item % Heads);
            ReadOnlySpan<float> query = inputs.AsSpan(((token * (Heads + (2 * KvHeads))) + head) * Width, Width);
            int first = window > 0 ? Math.Max(0, positions[token] - window + 1) : 0;
            double sum = hasSinks ? Math.Exp(sinks[head]) : 0;
            double[] expected = new double[Width];
            for (int position = first; position <= positions[token]; position++)
            {
                int cell = ((((tables[starts[token] + (position / 16)] * KvHeads) + (head / 2)) * 16) + (position % 16)) * Width;
                double score = 0;
                for (int i = 0; i < Width; i++)
                {
                    score += (double)query[i] * keys[cell + i];
                }

                score *= 0.25;
                score = softcap > 0 ? softcap * Math.Tanh(score / softcap) : score;
                double share = Math.Exp(score);
                sum += share;
                for (int i = 0; i < Width; i++)
                {
                    expected[i] += share * values[cell + i];
                }
            }

            for (int i = 0; i < Width; i++)
            {
                Assert.Equal(expected[i] / sum, actual[(item * Width) + i], 1e-5);
            }
        }
    }

    [Theory]
    [InlineData(1, true, true)]
    [InlineData(4, false, true)]
    [InlineData(4, true, false)]
    public void Heads_are_normed_and_rotated_and_stored_where_their_token_stands(int lanes, bool areNeighbours, bool hasNorm)
    {
        const int pairs = 6, all = Heads + (2 * KvHeads);
        using KernelBench bench = new(lanes, 12);
        int[] slots = [37, 5];
        float[] inputs = bench.Values(2 * all * Width, 2), queryNorm = bench.Values(Width), keyNorm = bench.Values(Width);
        float[] cosines = bench.Values(2 * pairs), sines = bench.Values(2 * pairs);
        AttentionArguments attention = new()
        {
            Inputs = bench.Upload(inputs),
            Keys = bench.Upload(new ushort[3 * KvHeads * 16 * Width]),
            Values = bench.Upload(new ushort[3 * KvHeads * 16 * Width]),
            Slots = bench.Upload(slots),
            Tokens = 2,
            Heads = Heads,
            KvHeads = KvHeads,
            Width = Width,
        };
        RotaryArguments rotary = new()
        {
            Cosines = bench.Upload(cosines),
            Sines = bench.Upload(sines),
            QueryNorm = bench.Upload(queryNorm),
            KeyNorm = bench.Upload(keyNorm),
            Pairs = pairs,
            AreNeighbours = areNeighbours ? 1 : 0,
            HasNorm = hasNorm ? 1 : 0,
            Epsilon = 1e-5f,
        };

        // Views that are not used are places to point at nevertheless.
        attention.Output = attention.Sinks = attention.Parts = attention.Inputs;
        attention.Positions = attention.TableStarts = attention.Tables = attention.Slots;
        bench.Device.Kernels.Store(new KernelConfig(bench.Device.GroupsFor(2 * all), bench.Device.Warps * lanes), attention, rotary);
        float[] queries = bench.Download(attention.Inputs);
        ushort[] keys = bench.Download(attention.Keys), values = bench.Download(attention.Values);
        for (int item = 0; item < 2 * all; item++)
        {
            (int token, int head) = (item / all, item % all);
            float[] expected = inputs[(item * Width)..((item + 1) * Width)];
            bool isQuery = head < Heads, isKey = !isQuery && head < Heads + KvHeads;
            if (isQuery || isKey)
            {
                if (hasNorm)
                {
                    Cpu.Kernels.Elementwise.RmsNorm.Apply(expected, isQuery ? queryNorm : keyNorm, 1e-5f, expected);
                }

                ReadOnlySpan<float> cosine = cosines.AsSpan(token * pairs, pairs), sine = sines.AsSpan(token * pairs, pairs);
                if (areNeighbours)
                {
                    Cpu.Kernels.Elementwise.Rope.RotatePairs(expected, Width, cosine, sine);
                }
                else
                {
                    Cpu.Kernels.Elementwise.Rope.RotateHalves(expected, Width, cosine, sine);
                }
            }

            int kvHead = isQuery ? 0 : (head - Heads) % KvHeads, slot = slots[token];
            int cell = ((((slot / 16 * KvHeads) + kvHead) * 16) + (slot % 16)) * Width;
            for (int i = 0; i < Width; i++)
            {
                float actual = isQuery
                    ? queries[(item * Width) + i]
                    : (float)BitConverter.UInt16BitsToHalf((isKey ? keys : values)[cell + i]);
                Assert.Equal(expected[i], actual, isQuery ? 1e-5 : 1e-3 * (1 + Math.Abs(expected[i])));
            }
        }

        Assert.Equal(2 * KvHeads * Width, keys.Count(bits => bits != 0));
    }

    private static float[] Halves(float[] values) => Array.ConvertAll(values, value => (float)(System.Half)value);

    private static ushort Bits(float value) => BitConverter.HalfToUInt16Bits((System.Half)value);
}
