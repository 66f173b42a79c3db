using Inferometer.Simulation.Serving;

namespace Inferometer.Simulation.Tests.Serving;

public sealed class LoadSeriesTests
{
    [Fact]
    public void Quantities_added_at_once_are_those_added_one_by_one()
    {
        Random random = new(3);
        LoadSeries together = new(3), single = new(3);
        double time = 0;
        int atOnce = 0;
        for (int i = 0; i < 20_000; i++)
        {
            double end = time + (random.NextDouble() * 0.01);
            (double a, double b, double c) = (random.Next(1000), random.Next(100), random.NextDouble());
            if (together.TryAdd(time, end, a, b, c))
            {
                atOnce++;
            }
            else
            {
                together.Add(0, time, end, a);
                together.Add(1, time, end, b);
                together.Add(2, time, end, c);
            }

            single.Add(0, time, end, a);
            single.Add(1, time, end, b);
            single.Add(2, time, end, c);
            time = end;
        }

        Assert.InRange(atOnce, 10_000, 19_999);
        Assert.Equal((single.Used, single.WidthSeconds), (together.Used, together.WidthSeconds));
        for (int bucket = 0; bucket < single.Used; bucket++)
        {
            for (int quantity = 0; quantity < 3; quantity++)
            {
                Assert.Equal(single.Mean(quantity, bucket), together.Mean(quantity, bucket)); // to the last bit
            }
        }
    }
}
