using Inferometer.Serving.Arrivals;

namespace Inferometer.Serving.Tests.Arrivals;

public sealed class SeededRandomTests
{
    [Fact]
    public void The_functions_agree_with_those_of_the_runtime()
    {
        SeededRandom random = new(1, 0);
        for (int i = 0; i < 20_000; i++)
        {
            double x = Math.Pow(10, (random.Uniform() * 40) - 20);
            Assert.Equal(0, (PortableMath.Log(x) - Math.Log(x)) / Math.Max(1, Math.Abs(Math.Log(x))), 2e-15);
            double y = (random.Uniform() * 1400) - 700;
            Assert.Equal(1, PortableMath.Exp(y) / Math.Exp(y), 1e-13);
            double turns = (random.Uniform() * 20) - 10;
            Assert.Equal(Math.Sin(2 * Math.PI * turns), PortableMath.SineOfTurns(turns), 1e-13);
        }

        Assert.Equal(0, PortableMath.Log(1));
        Assert.Equal(1, PortableMath.Exp(0));
        Assert.Equal(1, PortableMath.SineOfTurns(0.25), 1e-15);
    }

    [Fact]
    public void The_first_numbers_of_a_seed_are_what_they_always_were()
    {
        // Kept: a change of them would change every trace that was ever made of a seed.
        SeededRandom random = new(42, 0);
        Assert.Equal(
            [0x15780b2e0c2ec716, 0x6104d9866d113a7e, 0xae17533239e499a1], new[] { random.Next(), random.Next(), random.Next() });
    }

    [Fact]
    public void Distributions_have_their_means_and_deviations()
    {
        SeededRandom random = new(7, 0);
        const int Count = 200_000;
        Check(random.Uniform, 0.5, Math.Sqrt(1.0 / 12));
        Check(random.Exponential, 1, 1);
        Check(random.Normal, 0, 1);
        Check(() => random.Gamma(0.3), 1, Math.Sqrt(1 / 0.3));
        Check(() => random.Gamma(4), 1, 0.5);
        Check(() => random.Below(6), 2.5, Math.Sqrt(35.0 / 12));

        static void Check(Func<double> draw, double mean, double deviation)
        {
            double sum = 0, squares = 0;
            for (int i = 0; i < Count; i++)
            {
                double x = draw();
                sum += x;
                squares += x * x;
            }

            double error = deviation / Math.Sqrt(Count);
            Assert.Equal(mean, sum / Count, 5 * error);
            Assert.Equal(deviation, Math.Sqrt((squares / Count) - (sum / Count * (sum / Count))), deviation * 0.03);
        }
    }

    [Fact]
    public void Streams_of_a_seed_and_seeds_of_a_stream_differ() =>
        Assert.Equal(3,
            new[] { new SeededRandom(1, 0).Next(), new SeededRandom(1, 1).Next(), new SeededRandom(2, 0).Next() }.Distinct().Count());
}
