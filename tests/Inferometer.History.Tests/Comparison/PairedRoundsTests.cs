using Inferometer.History.Comparison;

namespace Inferometer.History.Tests.Comparison;

public sealed class PairedRoundsTests
{
    [Fact]
    public void What_drifts_touches_both_and_decides_nothing()
    {
        PairedRounds rounds = new();
        Random random = new(1);
        for (int i = 0; i < 10; i++)
        {
            double machine = 100 * Math.Pow(0.8, i); // slower by a fifth in every round
            rounds.Add(machine * (1 + (0.01 * random.NextDouble())), machine * 1.05 * (1 + (0.01 * random.NextDouble())));
        }

        Assert.Equal(PairedOutcome.Differ, rounds.Decide(20, 0.01));
        Assert.InRange(rounds.Relative, 0.04, 0.06);
    }

    [Fact]
    public void Equal_configurations_are_alike_when_little_enough_is_left_open()
    {
        PairedRounds rounds = new();
        for (int i = 0; rounds.Decide(20, 0.01) is null; i++)
        {
            rounds.Add(100, i % 2 == 0 ? 100.2 : 99.8);
        }

        Assert.Equal((PairedOutcome.Alike, PairedRounds.Fewest), (rounds.Decide(20, 0.01), rounds.Count));
    }

    // Looked at after every round, equal configurations are told apart in about one in twenty cases all the same.
    [Fact]
    public void Looking_often_finds_hardly_more_than_chance_does()
    {
        Random random = new(5);
        int told = Enumerable.Range(0, 400).Count(_ =>
        {
            PairedRounds rounds = new();
            PairedOutcome? outcome;
            do
            {
                rounds.Add(90 + (20 * random.NextDouble()), 90 + (20 * random.NextDouble()));
                outcome = rounds.Decide(20, 0);
            }
            while (outcome is null);
            return outcome is PairedOutcome.Differ;
        });
        Assert.InRange(told, 4, 400 * 0.09);
    }

    [Theory]
    [InlineData(12.706, 1, 0.05)]
    [InlineData(4.303, 2, 0.05)]
    [InlineData(3.182, 3, 0.05)]
    [InlineData(2.228, 10, 0.05)]
    [InlineData(6.869, 5, 0.001)]
    [InlineData(8.610, 4, 0.001)]
    [InlineData(0, 7, 1)]
    public void Probabilities_are_those_of_tables(double t, int freedom, double expected) =>
        Assert.Equal(expected, Normal.StudentTwoSided(t, freedom), expected / 500);

    [Fact]
    public void One_round_decides_nothing()
    {
        PairedRounds rounds = new();
        rounds.Add(1, 2);
        Assert.Null(rounds.Decide(20, 0.01));
        Assert.Equal((1.0, null), (rounds.P, rounds.Interval));
        Assert.Throws<ArgumentOutOfRangeException>(() => rounds.Add(0, 1));
    }
}
