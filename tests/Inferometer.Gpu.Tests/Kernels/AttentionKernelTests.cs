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
    [InlineData(4, 3, 0, 0, false, 2)]
    public void Heads_attend_to_their_pages(int lanes, int splits, int window, float softcap, bool hasSinks, int warps = 1)
    {
        using KernelBench bench = new(lanes, 7, warps);
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
            KeyScales = bench.Upload(new ushort[1]),
            ValueScales = bench.Upload(new ushort[1]),
            Sinks = bench.Upload(sinks),
            Parts = bench.Upload(new float[3 * Heads * splits * (Width + 2)]),
            Quants = bench.Upload(new int[1]),
            Scales = bench.Upload(new ActivationScale[1]),
            Arrivals = bench.Upload(new int[3 * Heads]),
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

        // Twice: counters of parts are left as they were found.
        bench.Device.Kernels.Attend(bench.Grid(3 * Heads, splits), arguments);
        bench.Device.Kernels.Attend(bench.Grid(3 * Heads, splits), arguments);
        Assert.All(bench.Download(arguments.Arrivals), count => Assert.Equal(0, count));

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
        attention.KeyScales = attention.ValueScales = attention.Keys;
        attention.Positions = attention.TableStarts = attention.Tables = attention.Arrivals = attention.Quants = attention.Slots;
        attention.Scales = bench.Upload(new ActivationScale[1]);
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

    /// <summary>
    /// A sequence is written to byte pages token by token and attended to: every stored number is within half a step of what was written,
    /// and attention is the definition's over the stored numbers.
    /// </summary>
    [Theory]
    [InlineData(1, 1, true)]
    [InlineData(1, 2, false)]
    [InlineData(4, 1, false)]
    [InlineData(4, 2, true)]
    public void Byte_pages_hold_what_is_written_to_half_a_step_and_heads_attend_to_it(int lanes, int splits, bool areNeighbours)
    {
        const int width = 64, blocks = width / 32, pairs = 20, tokens = 37, all = Heads + (2 * KvHeads);
        using KernelBench bench = new(lanes, 5);
        int[] table = [4, 1, 3], positions = [.. Enumerable.Range(0, tokens)];
        int[] slots = [.. positions.Select(position => (table[position / 16] * 16) + (position % 16))];
        float[] inputs = bench.Values(tokens * all * width, 2);
        float[] cosines = bench.Values(tokens * pairs), sines = bench.Values(tokens * pairs);
        for (int i = 0; i < inputs.Length; i++)
        {
            // Blocks of every magnitude, one of zeros, one whose scale half precision barely has.
            int block = i / 32;
            inputs[i] *= block == 11 ? 0 : block == 13 ? 1e-6f : (block % 5) switch { 0 => 100, 1 => 0.01f, _ => 1 };
        }

        const int cells = 5 * KvHeads * 16;
        AttentionArguments attention = new()
        {
            Inputs = bench.Upload(inputs),
            Keys = bench.Upload(new ushort[cells * width / 2]),
            Values = bench.Upload(new ushort[cells * width / 2]),
            KeyScales = bench.Upload(new ushort[cells * blocks]),
            ValueScales = bench.Upload(new ushort[cells * blocks]),
            Output = bench.Upload(new float[tokens * Heads * width]),
            Positions = bench.Upload(positions),
            Slots = bench.Upload(slots),
            TableStarts = bench.Upload(new int[tokens]),
            Tables = bench.Upload(table),
            Sinks = bench.Upload(new float[Heads]),
            Parts = bench.Upload(new float[tokens * Heads * splits * (width + 2)]),
            Quants = bench.Upload(new int[tokens * Heads * width / 4]),
            Scales = bench.Upload(new ActivationScale[tokens * Heads * blocks]),
            Arrivals = bench.Upload(new int[tokens * Heads]),
            Tokens = tokens,
            Heads = Heads,
            KvHeads = KvHeads,
            Width = width,
            Scale = 0.001f,
            Splits = splits,
            Rounds = 1,
        };
        RotaryArguments rotary = new()
        {
            Cosines = bench.Upload(cosines),
            Sines = bench.Upload(sines),
            QueryNorm = attention.Inputs,
            KeyNorm = attention.Inputs,
            Pairs = pairs,
            AreNeighbours = areNeighbours ? 1 : 0,
        };
        bench.Device.Kernels.StoreRounded(
            new KernelConfig(bench.Device.GroupsFor(tokens * all), bench.Device.Warps * lanes), attention, rotary);
        float[] queries = bench.Download(attention.Inputs);
        float[] keys = Stored(attention.Keys, attention.KeyScales), values = Stored(attention.Values, attention.ValueScales);
        for (int token = 0; token < tokens; token++)
        {
            for (int head = Heads; head < all; head++)
            {
                bool isKey = head < Heads + KvHeads;
                float[] expected = inputs[(((token * all) + head) * width)..(((token * all) + head + 1) * width)];
                if (isKey)
                {
                    ReadOnlySpan<float> cosine = cosines.AsSpan(token * pairs, pairs), sine = sines.AsSpan(token * pairs, pairs);
                    if (areNeighbours)
                    {
                        Cpu.Kernels.Elementwise.Rope.RotatePairs(expected, width, cosine, sine);
                    }
                    else
                    {
                        Cpu.Kernels.Elementwise.Rope.RotateHalves(expected, width, cosine, sine);
                    }
                }

                int cell = CellOf(token, (head - Heads) % KvHeads);
                for (int block = 0; block < blocks; block++)
                {
                    Range range = (32 * block)..(32 * (block + 1));
                    float[] stored = (isKey ? keys : values)[(cell * width)..((cell + 1) * width)][range];
                    float largest = expected[range].Max(Math.Abs);

                    // Half a step, and what half precision takes off the scale, the more the smaller it is.
                    double tolerance = (largest / 127 * 0.51) + Math.Min(largest, 127 * Math.Pow(2, -25) * 1.01);
                    Assert.All(expected[range].Zip(stored), pair => Assert.Equal(pair.First, pair.Second, tolerance));
                }
            }
        }

        bench.Device.Kernels.AttendRounded(bench.Grid(tokens * Heads, splits), attention);
        float[] actual = bench.Download(attention.Output);
        bench.AssertRounded(actual, attention.Quants, attention.Scales);
        for (int item = 0; item < tokens * Heads; item++)
        {
            (int token, int head) = (item / Heads, item % Heads);
            double sum = 0;
            double[] expected = new double[width];
            for (int position = 0; position <= token; position++)
            {
                int cell = CellOf(position, head / (Heads / KvHeads)) * width;
                double score = 0;
                for (int i = 0; i < width; i++)
                {
                    score += (double)queries[(((token * all) + head) * width) + i] * keys[cell + i];
                }

                double share = Math.Exp(score * 0.001f);
                sum += share;
                for (int i = 0; i < width; i++)
                {
                    expected[i] += share * values[cell + i];
                }
            }

            for (int i = 0; i < width; i++)
            {
                Assert.Equal(expected[i] / sum, actual[(item * width) + i], 2e-3);
            }
        }

        int CellOf(int position, int kvHead) =>
            (((table[position / 16] * KvHeads) + kvHead) * 16) + (position % 16);

        float[] Stored(ArrayView<ushort> pages, ArrayView<ushort> scales)
        {
            ushort[] words = bench.Download(pages), factors = bench.Download(scales);
            return [.. Enumerable.Range(0, words.Length * 2).Select(i =>
                (sbyte)(words[i / 2] >> (i % 2 * 8)) * (float)BitConverter.UInt16BitsToHalf(factors[i / 32]))];
        }
    }

    private static float[] Halves(float[] values) => Array.ConvertAll(values, value => (float)(System.Half)value);

    private static ushort Bits(float value) => BitConverter.HalfToUInt16Bits((System.Half)value);
}
