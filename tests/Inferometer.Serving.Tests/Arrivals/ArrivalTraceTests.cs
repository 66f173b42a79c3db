using Inferometer.Core;
using Inferometer.Serving.Arrivals;

namespace Inferometer.Serving.Tests.Arrivals;

public sealed class ArrivalTraceTests
{
    [Fact]
    public void Constant_arrivals_stand_at_equal_distances()
    {
        ArrivalTrace trace = ArrivalTrace.Constant(4, 2, 10, 3);
        Assert.Equal([0, 0.5, 1, 1.5], trace.Select(a => a.Seconds));
        Assert.Equal((1.5, 40, 12), (trace.LastSeconds, trace.InputTokens, trace.OutputTokens));
        Assert.All(ArrivalTrace.Constant(3, double.PositiveInfinity, 1, 1), a => Assert.Equal(0, a.Seconds));
    }

    [Fact]
    public void Poisson_arrivals_have_exponential_gaps_and_repeat_with_their_seed()
    {
        ArrivalTrace trace = ArrivalTrace.Poisson(20_000, 8, 10, 3, seed: 5);
        double[] gaps = [.. trace.Zip(trace.Skip(1), (a, b) => b.Seconds - a.Seconds)];
        Assert.Equal(1.0 / 8, gaps.Average(), 0.004);
        Assert.Equal(1.0 / 8, MetricSummary.Of(gaps)!.StandardDeviation, 0.005); // of an exponential distribution: its mean
        Assert.Equal(Math.Log(2) / 8, MetricSummary.Of(gaps)!.Median, 0.004);
        Assert.Equal(trace.Select(a => a.Seconds), ArrivalTrace.Poisson(20_000, 8, 10, 3, seed: 5).Select(a => a.Seconds));
        Assert.NotEqual(trace[1].Seconds, ArrivalTrace.Poisson(2, 8, 10, 3, seed: 6)[1].Seconds);
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(1, 0)]
    [InlineData(1, double.NaN)]
    public void A_rate_out_of_range_is_refused(int count, double rate)
    {
        Assert.Throws<InferometerException>(() => ArrivalTrace.Constant(count, rate, 1, 1));
        Assert.Throws<InferometerException>(() => ArrivalTrace.Poisson(count, rate, 1, 1, 0));
    }

    [Theory]
    [InlineData(double.NaN, 1, 1, "request 2: time is NaN")]
    [InlineData(double.PositiveInfinity, 1, 1, "time is Infinity")]
    [InlineData(0.5, 1, 1, "time is 0.5, before the 1 of the request before it")]
    [InlineData(2, 0, 1, "input is 0")]
    [InlineData(2, 1, -1, "output is -1")]
    public void A_request_out_of_order_or_range_is_refused_by_its_number(double seconds, int input, int output, string expected)
    {
        Arrival first = new() { Seconds = 1, InputTokens = 1, OutputTokens = 1 };
        Arrival second = new() { Seconds = seconds, InputTokens = input, OutputTokens = output };
        string message = Assert.Throws<InferometerException>(() => new ArrivalTrace([first, second], "mine")).Message;
        Assert.Contains(expected, message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_prompt_of_another_length_than_stated_is_refused()
    {
        Arrival arrival = new() { Seconds = 0, InputTokens = 3, OutputTokens = 1, Prompt = new[] { 1, 2 } };
        string message = Assert.Throws<InferometerException>(() => new ArrivalTrace([arrival])).Message;
        Assert.Contains("the prompt has 2 tokens", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Csv_is_read_by_column_names_in_any_order()
    {
        ArrivalTrace trace = Csv("output, time,input,group,priority\n\n7,0.5,100,chat,2\n1,1.25e0,3,,\n");
        Assert.Equal(new Arrival { Seconds = 0.5, InputTokens = 100, OutputTokens = 7, Group = "chat", Priority = 2 }, trace[0]);
        Assert.Equal(new Arrival { Seconds = 1.25, InputTokens = 3, OutputTokens = 1 }, trace[1]);
    }

    [Fact]
    public void Json_lines_may_hold_the_prompt_itself()
    {
        ArrivalTrace trace = Json("""
            {"time": 0, "input": 3, "output": 2, "group": 4, "priority": -1}

            {"time": 0.5, "output": 2, "prompt": [5, 6, 7]}
            """);
        Assert.Equal((3, "4", -1), (trace[0].InputTokens, trace[0].Group, trace[0].Priority));
        Assert.Equal([5, 6, 7], trace[1].Prompt.ToArray());
        Assert.Equal(3, trace[1].InputTokens);
    }

    [Theory]
    [InlineData("time,input\n", "line 1: the header lacks output")]
    [InlineData("time,input,output,tokens\n", "line 1: unknown column \"tokens\"; known are time, input, output, priority, group")]
    [InlineData("time,input,output,input\n", "line 1: column \"input\" is there twice")]
    [InlineData("time,input,output\n0,1\n", "line 2: 2 fields where the header has 3")]
    [InlineData("time,input,output\n\n0,1,x\n", "line 3: output is x; expected is a whole number")]
    [InlineData("time,input,output\n,1,1\n", "line 2: time is missing; expected is a number")]
    [InlineData("time,input,output\n0,1.5,1\n", "line 2: input is 1.5")]
    [InlineData("time,input,output\n2,1,1\n1,1,1\n", "line 3: time is 1, before the 2")]
    [InlineData("time,input,output\n-1,1,1\n", "line 2: time is -1")]
    public void A_malformed_line_of_csv_is_named(string text, string expected) =>
        Assert.Contains(expected, Assert.Throws<InferometerException>(() => Csv(text)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("{\"time\":0,\"input\":1,\"output\":1}\n{", "line 2: no JSON")]
    [InlineData("[1]", "line 1: Array where an object is expected")]
    [InlineData("{\"time\":0,\"input\":1}", "line 1: output is missing")]
    [InlineData("{\"time\":\"0\",\"input\":1,\"output\":1}", "line 1: time is \"0\"; expected is a number")]
    [InlineData("{\"time\":0,\"input\":1,\"output\":1,\"model\":3}", "line 1: unknown field \"model\"")]
    [InlineData("{\"time\":0,\"output\":1,\"prompt\":\"hello\"}", "line 1: prompt is \"hello\"; expected is an array of token ids")]
    [InlineData("{\"time\":0,\"output\":1,\"input\":2,\"prompt\":[1]}", "line 1: input is 2, but the prompt has 1 tokens")]
    public void A_malformed_line_of_json_is_named(string text, string expected) =>
        Assert.Contains(expected, Assert.Throws<InferometerException>(() => Json(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void Files_are_read_by_their_ending()
    {
        string folder = Directory.CreateTempSubdirectory("inferometer-trace").FullName;
        try
        {
            string csv = Path.Combine(folder, "trace.csv");
            File.WriteAllText(csv, "time,input,output\n0,1,1\n");
            Assert.Single(ArrivalTraceReader.Read(csv));
            string json = Path.Combine(folder, "trace.jsonl");
            File.WriteAllText(json, "{\"time\":0,\"input\":1,\"output\":1}\n{\"time\":1,\"input\":1,\"output\":1}\n");
            Assert.Equal(2, ArrivalTraceReader.Read(json).Count);
            Assert.Contains(".csv, .tsv, .jsonl or .ndjson", Message(Path.Combine(folder, "trace.txt")), StringComparison.Ordinal);
            Assert.Contains("nowhere.csv", Message(Path.Combine(folder, "nowhere.csv")), StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Message(string path) => Assert.Throws<InferometerException>(() => ArrivalTraceReader.Read(path)).Message;

    private static ArrivalTrace Csv(string text) => ArrivalTraceReader.ReadCsv(new StringReader(text), "mine");

    private static ArrivalTrace Json(string text) => ArrivalTraceReader.ReadJsonLines(new StringReader(text), "mine");
}
