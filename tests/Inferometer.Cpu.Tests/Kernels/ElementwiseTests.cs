using Inferometer.Cpu.Kernels.Elementwise;

namespace Inferometer.Cpu.Tests.Kernels;

public sealed class ElementwiseTests
{
    public static readonly TheoryData<int> Lengths = [1, 2, 7, 8, 9, 15, 16, 17, 63, 64, 65, 127, 128, 512];

    private delegate void Gate(ReadOnlySpan<float> gate, ReadOnlySpan<float> up, Span<float> y);

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Rms_norm_matches_its_definition(int length)
    {
        float[] x = RandomData.Floats(length, 1), w = RandomData.Floats(length, 2), expected = new float[length], y = new float[length];
        RmsNorm.Reference(x, w, 1e-5f, expected);
        RmsNorm.Apply(x, w, 1e-5f, y);
        AssertClose(expected, y, 1e-6f);
        RmsNorm.Apply(x, w, 1e-5f, x);
        Assert.Equal(y, x);
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Layer_norm_matches_its_definition(int length)
    {
        float[] x = RandomData.Floats(length, 1), w = RandomData.Floats(length, 2), b = RandomData.Floats(length, 3),
            expected = new float[length], y = new float[length];
        LayerNorm.Reference(x, w, b, 1e-5f, expected);
        LayerNorm.Apply(x, w, b, 1e-5f, y);
        AssertClose(expected, y, 2e-6f);
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Softmax_matches_its_definition_and_masks_exactly(int length)
    {
        float[] x = [.. RandomData.Floats(length, 1).Select(v => v * 30)], expected = new float[length];
        if (length > 2)
        {
            x[1] = float.NegativeInfinity;
        }

        Softmax.Reference(x, expected);
        Softmax.Apply(x);
        AssertClose(expected, x, 1e-6f);
        if (length > 2)
        {
            Assert.Equal(0, x[1]);
        }
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Gated_activations_match_double_precision(int length)
    {
        float[] gate = [.. RandomData.Floats(length, 1).Select(v => v * 12)], up = RandomData.Floats(length, 2);
        (Gate Fast, Func<double, double> Exact)[] gates =
        [
            (GatedActivation.Silu, x => x / (1 + Math.Exp(-x))),
            (GatedActivation.GeluTanh, x => x / 2 * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)))),
            (GatedActivation.GeluErf, x => x / 2 * (1 + Erf(x / Math.Sqrt(2)))),
        ];
        foreach ((Gate fast, Func<double, double> exact) in gates)
        {
            float[] y = new float[length];
            fast(gate, up, y);
            AssertClose([.. gate.Zip(up, (g, u) => (float)(exact(g) * u))], y, 2e-6f);
        }
    }

    [Theory]
    [InlineData(-200f)]
    [InlineData(200f)]
    [InlineData(0f)]
    public void Gated_activations_stay_finite_at_extreme_inputs(float value)
    {
        float[] gate = [.. Enumerable.Repeat(value, 17)], up = [.. Enumerable.Repeat(1f, 17)], y = new float[17];
        foreach (Gate gated in (Gate[])[GatedActivation.Silu, GatedActivation.GeluTanh, GatedActivation.GeluErf])
        {
            gated(gate, up, y);
            Assert.All(y, v => Assert.Equal(Math.Max(value, 0), v, 1e-4f));
        }
    }

    [Theory]
    [InlineData(2, 1, 1)]
    [InlineData(8, 4, 3)]
    [InlineData(64, 32, 5)]
    [InlineData(80, 16, 2)]
    [InlineData(96, 37, 3)]
    public void Rope_rotates_each_pair_by_its_angle(int headDim, int angles, int heads)
    {
        float[] x = RandomData.Floats(headDim * heads, 1);
        double[] theta = [.. Enumerable.Range(0, angles).Select(i => 17 * Math.Pow(10000, -2.0 * i / headDim))];
        float[] cos = [.. theta.Select(a => (float)Math.Cos(a))], sin = [.. theta.Select(a => (float)Math.Sin(a))];
        float[] halves = [.. x], pairs = [.. x], expectedHalves = [.. x], expectedPairs = [.. x];
        for (int h = 0; h < heads; h++)
        {
            for (int i = 0; i < angles; i++)
            {
                Rotate(expectedHalves, h * headDim + i, h * headDim + i + angles, theta[i]);
                Rotate(expectedPairs, h * headDim + 2 * i, h * headDim + 2 * i + 1, theta[i]);
            }
        }

        Rope.RotateHalves(halves, headDim, cos, sin);
        Rope.RotatePairs(pairs, headDim, cos, sin);
        AssertClose(expectedHalves, halves, 1e-6f);
        AssertClose(expectedPairs, pairs, 1e-6f);
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Maxima_and_their_place_are_right(int length)
    {
        float[] x = RandomData.Floats(length, 4);
        Assert.Equal(x.Max(), Reductions.Max(x));
        Assert.Equal(Array.IndexOf(x, x.Max()), Reductions.ArgMax(x));
        x[length - 1] = 5;
        Assert.Equal(length - 1, Reductions.ArgMax(x));
    }

    [Fact]
    public void The_first_of_equal_maxima_is_chosen_across_pieces()
    {
        float[] x = new float[5000];
        x[1500] = x[4000] = 3;
        Assert.Equal(1500, Reductions.ArgMax(x));
        Assert.Equal(-1, Reductions.ArgMax([]));
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Residuals_and_caps_work_at_every_length(int length)
    {
        float[] x = RandomData.Floats(length, 1), y = RandomData.Floats(length, 2), sum = [.. y], capped = [.. x];
        VectorAdd.Accumulate(x, sum);
        Assert.Equal(x.Zip(y, (a, b) => a + b), sum);
        Softcap.Apply(capped, 0.5f);
        AssertClose([.. x.Select(v => (float)(0.5 * Math.Tanh(v / 0.5)))], capped, 1e-6f);
    }

    private static void Rotate(float[] values, int a, int b, double angle)
        => (values[a], values[b]) =
            ((float)(values[a] * Math.Cos(angle) - values[b] * Math.Sin(angle)),
                (float)(values[b] * Math.Cos(angle) + values[a] * Math.Sin(angle)));

    /// <summary>erf by integrating its definition.</summary>
    private static double Erf(double x)
    {
        const int Steps = 20000;
        double h = x / Steps, sum = 0;
        for (int i = 0; i < Steps; i++)
        {
            double t = (i + 0.5) * h;
            sum += Math.Exp(-t * t);
        }

        return 2 / Math.Sqrt(Math.PI) * sum * h;
    }

    private static void AssertClose(float[] expected, float[] actual, float tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], actual[i], tolerance * Math.Max(1, Math.Abs(expected[i])));
        }
    }
}
