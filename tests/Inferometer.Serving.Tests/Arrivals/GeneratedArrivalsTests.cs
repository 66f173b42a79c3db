using Inferometer.Core;
using Inferometer.Serving.Arrivals;

namespace Inferometer.Serving.Tests.Arrivals;

public sealed class GeneratedArrivalsTests
{
    [Theory]
    [InlineData("poisson", 1, 0.05)]
    [InlineData("constant", 0, 0.001)]
    [InlineData("gamma:0.25", 2, 0.1)]
    [InlineData("gamma:4", 0.5, 0.05)]
    [InlineData("bursty:5,0.2,3", 1.3, 0.3)]
    [InlineData("diurnal:0.8,100", 1.527, 0.06)]
    public void Arrivals_keep_the_mean_rate_and_are_spread_as_asked(string spread, double variation, double tolerance)
    {
        const double Rate = 20;
        double[] times =
            [.. Taken(new() { Process = ArrivalProcess.Parse(spread, Rate), Requests = 40_000, Seed = 3 }).Select(a => a.Seconds)];
        double[] gaps = [.. times.Zip(times.Skip(1), (a, b) => b - a)];
        Assert.All(gaps, g => Assert.True(g >= 0));
        double mean = gaps.Average();
        Assert.Equal(1 / Rate, mean, 0.1 / Rate);
        double deviation = Math.Sqrt(gaps.Average(g => (g - mean) * (g - mean)));
        Assert.Equal(variation, deviation / mean, tolerance);
    }

    [Theory]
    [InlineData(0, 0.0, 0.0, 0.0, 0.0)]
    [InlineData(8, 0.0, 2.0, 4.0, 6.0)]
    public void Users_begin_one_after_the_other_over_the_ramp(double ramp, params double[] expected)
    {
        Arrival[] first = [.. Taken(new() { Users = 4, RampSeconds = ramp, Requests = 4 })];
        Assert.Equal(expected, first.Select(a => a.Seconds));
    }

    [Fact]
    public void Bursts_come_at_their_own_rate_in_their_share_of_the_time()
    {
        double[] times =
            [.. Taken(new() { Process = ArrivalProcess.Parse("bursty:10,0.1,5", 10), DurationSeconds = 20_000, Seed = 1 })
            .Select(a => a.Seconds)];

        // At 5.26 and 52.6 a second, windows of a second hold either few or many.
        int[] windows = [.. Enumerable.Range(0, 20_000).Select(_ => 0)];
        foreach (double time in times)
        {
            windows[(int)time]++;
        }

        double many = windows.Count(n => n > 25) / 20_000.0;
        Assert.InRange(many, 0.06, 0.13);
        Assert.InRange(windows.Where(n => n > 25).Average(), 45, 56);
    }

    [Theory]
    [InlineData("100", 100, 0, 100, 100)]
    [InlineData("uniform:10,20", 15, 3.16, 10, 20)]
    [InlineData("normal:500,50", 500, 50, 1, 1000)]
    [InlineData("lognormal:300,200", 300, 200, 1, 100_000)]
    [InlineData("zipf:1.5,1,1000", 0, 0, 1, 1000)]
    public void Lengths_have_their_means_deviations_and_bounds(string text, double mean, double deviation, int least, int most)
    {
        LengthDistribution lengths = LengthDistribution.Parse(text);
        double[] drawn =
            [.. Taken(new() { Process = ArrivalProcess.Parse("constant", 1), Input = lengths, Requests = 40_000 })
            .Select(a => (double)a.InputTokens)];
        double expected = mean > 0 ? mean : lengths.Mean;
        double spread = Math.Sqrt(drawn.Average(n => (n - drawn.Average()) * (n - drawn.Average())));
        Assert.Equal(expected, drawn.Average(), 0.05 * expected);
        Assert.True(deviation == 0 || Math.Abs(spread - deviation) < 0.1 * deviation, $"{spread}");
        Assert.InRange(drawn.Min(), least, most);
        Assert.InRange(drawn.Max(), least, most);
    }

    // A million lengths each. The mean of so many has a standard error of their deviation over 1,000; four of those are let pass, which one
    // in 16,000 means exceeds, and the seed is fixed.
    [Theory]
    [InlineData("100")]
    [InlineData("uniform:1,4")]
    [InlineData("uniform:100,900")]
    [InlineData("normal:1,0")]
    [InlineData("normal:2.5,0.1")]
    [InlineData("normal:1.2,1")]
    [InlineData("normal:1,30")]
    [InlineData("normal:100,200")]
    [InlineData("normal:512,128")]
    [InlineData("normal:300.3,0.2")]
    [InlineData("normal:100,1e9")]
    [InlineData("normal:1e9,1e6")]
    [InlineData("lognormal:1,0.4")]
    [InlineData("lognormal:2,8")]
    [InlineData("lognormal:300.4,0.1")]
    [InlineData("lognormal:300,200")]
    [InlineData("lognormal:100,500")]
    [InlineData("lognormal:5e8,1e9")]
    [InlineData("zipf:1.2,16,4096")]
    [InlineData("zipf:0.5,1,9")]
    public void The_mean_is_that_of_what_is_drawn(string text)
    {
        const int Draws = 1_000_000;
        LengthDistribution lengths = LengthDistribution.Parse(text);
        SeededRandom random = new(11, 0);
        double sum = 0, squares = 0;
        for (int i = 0; i < Draws; i++)
        {
            double drawn = lengths.Draw(random);
            sum += drawn;
            squares += drawn * drawn;
        }

        double mean = sum / Draws, deviation = Math.Sqrt(Math.Max(0, (squares / Draws) - (mean * mean)));
        Assert.Equal(mean, lengths.Mean, (4 * deviation / Math.Sqrt(Draws)) + 1e-5);
    }

    // The sum of P(X >= n - 1/2) over n, and of the wider one E[(X - 1)+] - E[(X - 1e9)+], by the error function of a C library.
    [Theory]
    [InlineData("normal:100,200", 139.86865638)]
    [InlineData("normal:256,8", 256.0)]
    [InlineData("normal:100,1e9", 315_626_844.4)]
    public void A_mean_counts_what_is_cut_at_both_ends(string text, double mean) =>
        Assert.Equal(mean, LengthDistribution.Parse(text).Mean, 1e-7 * mean);

    [Theory]
    [InlineData("normal:100,1e10")]
    [InlineData("lognormal:100,1e300")]
    public void Deviations_end_where_lengths_do(string text) => Assert.Contains(
        "its standard deviation must be 0 to 1000000000 tokens",
        Assert.Throws<InferometerException>(() => LengthDistribution.Parse(text, "--input")).Message, StringComparison.Ordinal);

    [Fact]
    public void Zipf_lengths_fall_with_their_rank_as_the_exponent_says()
    {
        int[] drawn =
            [.. Taken(
            new() { Process = ArrivalProcess.Parse("constant", 1), Input = LengthDistribution.Parse("zipf:2,5,500"), Requests = 50_000 })
            .Select(a => a.InputTokens)];
        double first = drawn.Count(n => n == 5), second = drawn.Count(n => n == 6), fourth = drawn.Count(n => n == 8);
        Assert.Equal(4, first / second, 0.3);
        Assert.Equal(16, first / fourth, 2.0);
    }

    [Fact]
    public void Equal_seeds_give_equal_requests_and_another_rate_leaves_lengths_alone()
    {
        TrafficOptions options = new()
        {
            Process = ArrivalProcess.Parse("gamma:0.5", 5),
            Input = LengthDistribution.Parse("lognormal:300,200"),
            Output = LengthDistribution.Parse("uniform:1,50"),
            Requests = 500,
            Seed = 9,
        };
        Arrival[] first = Taken(options);
        Assert.Equal(first.Select(Key), Taken(options).Select(Key));
        Assert.NotEqual(first.Select(Key), Taken(options with { Seed = 10 }).Select(Key));
        Arrival[] faster = Taken(options with { Process = ArrivalProcess.Parse("poisson", 50) });
        Assert.Equal(first.Select(a => (a.InputTokens, a.OutputTokens)), faster.Select(a => (a.InputTokens, a.OutputTokens)));

        static (double, int, int) Key(Arrival a) => (a.Seconds, a.InputTokens, a.OutputTokens);
    }

    [Fact]
    public void A_seed_gives_the_same_bytes_as_on_the_machine_where_this_was_written()
    {
        TrafficOptions options = new()
        {
            Process = ArrivalProcess.Parse("gamma:0.7", 5),
            Input = LengthDistribution.Parse("lognormal:300,200"),
            Output = LengthDistribution.Parse("normal:100,30"),
            Requests = 1000,
            Seed = 2026,
        };
        ulong hash = 14695981039346656037;
        foreach (Arrival arrival in Taken(options))
        {
            hash = (hash ^ (ulong)BitConverter.DoubleToInt64Bits(arrival.Seconds)) * 1099511628211;
            hash = (hash ^ (ulong)arrival.InputTokens) * 1099511628211;
            hash = (hash ^ (ulong)arrival.OutputTokens) * 1099511628211;
        }

        Assert.Equal(17374632364102873337UL, hash);
    }

    [Fact]
    public void Users_ask_again_only_when_they_were_answered()
    {
        GeneratedArrivals source = new(new TrafficOptions { Users = 2, Think = new ThinkTime(3), Requests = 5 });
        Arrival first = source.Take(), second = source.Take();
        Assert.Equal((3.0, 3.0), (first.Seconds, second.Seconds));
        Assert.Null(source.NextSeconds);
        source.Answered(second, 10, isRefused: false);
        Assert.Equal(13, source.NextSeconds);
        Assert.Equal(13, source.Take().Seconds);
        Assert.Null(source.NextSeconds);
        source.Answered(first, 11, isRefused: false);
        Assert.Equal(14, source.Take().Seconds);
    }

    [Fact]
    public void A_conversation_holds_what_was_said_before()
    {
        GeneratedArrivals source = new(new TrafficOptions
        {
            Process = ArrivalProcess.Parse("constant", 1),
            Turns = LengthDistribution.Fixed(3),
            Input = LengthDistribution.Fixed(10),
            Output = LengthDistribution.Fixed(4),
            SharedPrefixTokens = 100,
            Requests = 3,
        });
        Arrival first = source.Take();
        source.Answered(first, 0.1, isRefused: false);
        Arrival second = source.Take();
        Assert.Equal((0.1, first.Session), (second.Seconds, second.Session));
        Assert.Equal([110, 124], new[] { first.InputTokens, second.InputTokens });
        Assert.Equal(first.Segments.ToArray(), second.Segments.ToArray()[..2]);
        Assert.Equal(new PromptSegment(0, 4), second.Segments.ToArray()[2]);
        Assert.NotEqual(second.Segments.ToArray()[1].Content, second.Segments.ToArray()[3].Content);
    }

    [Fact]
    public void Requests_stop_at_the_number_or_the_duration()
    {
        Assert.Equal(7, Taken(new() { Process = ArrivalProcess.Parse("poisson", 5), Requests = 7, DurationSeconds = 1000 }).Length);
        Arrival[] timed = Taken(new() { Process = ArrivalProcess.Parse("poisson", 5), DurationSeconds = 100 });
        Assert.InRange(timed.Length, 400, 600);
        Assert.True(timed[^1].Seconds <= 100);
    }

    [Theory]
    [InlineData("poison", "'poison' is not allowed; it must be poisson|constant")]
    [InlineData("gamma:0", "the shape is 0")]
    [InlineData("gamma:x", "'x' is no number")]
    [InlineData("bursty:2,1.5,3", "the share of the time is 1.5")]
    [InlineData("diurnal:2,10", "the depth is 2")]
    public void A_wrong_spread_is_told_so(string text, string message) => Assert.Contains(
        message, Assert.Throws<InferometerException>(() => ArrivalProcess.Parse(text, 1)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    public void A_rate_must_be_above_zero(double rate) => Assert.Contains(
        "it must be above 0", Assert.Throws<InferometerException>(() => ArrivalProcess.Parse("poisson", rate)).Message,
            StringComparison.Ordinal);

    [Theory]
    [InlineData("0", "it must be 1 to")]
    [InlineData("-5", "is not allowed")]
    [InlineData("uniform:9,3", "is not allowed")]
    [InlineData("normal:nan,3", "'nan' is no number")]
    [InlineData("zipf:1,0,10", "it must be 1 to")]
    [InlineData("file:nowhere.txt", "nowhere.txt")]
    public void A_wrong_length_is_told_so(string text, string message) => Assert.Contains(
        message, Assert.Throws<InferometerException>(() => LengthDistribution.Parse(text, "--input")).Message, StringComparison.Ordinal);

    [Fact]
    public void Contradictions_are_refused()
    {
        Assert.Throws<InferometerException>(new TrafficOptions { Requests = 1 }.Validate);
        Assert.Throws<InferometerException>(
            new TrafficOptions { Users = 1, Process = ArrivalProcess.Parse("poisson", 1), Requests = 1 }.Validate);
        Assert.Throws<InferometerException>(new TrafficOptions { Users = 1, Requests = 1, RampSeconds = -1 }.Validate);
        Assert.Throws<InferometerException>(
            new TrafficOptions { Process = ArrivalProcess.Parse("poisson", 1), Requests = 1, RampSeconds = 1 }.Validate);
        Assert.Throws<InferometerException>(new TrafficOptions { Users = 1 }.Validate);
        Assert.Throws<InferometerException>(new TrafficOptions { Users = 1, DurationSeconds = double.NaN }.Validate);
    }

    private static Arrival[] Taken(TrafficOptions options)
    {
        GeneratedArrivals source = new(options);
        List<Arrival> taken = [];
        while (source.NextSeconds is { } seconds)
        {
            Arrival arrival = source.Take();
            Assert.Equal(seconds, arrival.Seconds);
            taken.Add(arrival);
        }

        return [.. taken];
    }
}
