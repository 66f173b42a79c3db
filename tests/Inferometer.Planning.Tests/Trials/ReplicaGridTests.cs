using Inferometer.Planning.Trials;

namespace Inferometer.Planning.Tests.Trials;

public sealed class ReplicaGridTests
{
    [Fact]
    public void Every_number_to_sixteen_is_tried_and_then_steps_of_six_percent()
    {
        List<int> numbers = [1];
        while (numbers[^1] < 1000)
        {
            numbers.Add(ReplicaGrid.After(numbers[^1]));
        }

        Assert.Equal(Enumerable.Range(1, 16), numbers.Take(16));
        foreach ((int at, int after) in numbers.Zip(numbers.Skip(1)))
        {
            Assert.InRange(after, at + 1, Math.Max(at + 1, (at * 1.06) + 1));
            Assert.Equal(at, ReplicaGrid.Before(after));
            Assert.Equal(after, ReplicaGrid.From(at + 1));
            Assert.Equal(at, ReplicaGrid.From(at));
        }
    }
}
