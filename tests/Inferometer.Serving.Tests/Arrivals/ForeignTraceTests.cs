using Inferometer.Core;
using Inferometer.Serving.Arrivals;

namespace Inferometer.Serving.Tests.Arrivals;

/// <summary>Traces of other projects, by the fields that their documentation names.</summary>
public sealed class ForeignTraceTests
{
    [Theory]
    [InlineData("TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.9799600,4808,10\n2023-11-16 18:17:04.0319690,3180,8\n", 4808,
        10, 0.052009)]
    [InlineData(
        "TIMESTAMP,ContextTokens,GeneratedTokens\n2024-05-10 00:00:00.009930+00:00,2162,5\n2024-05-10 00:00:01.009930+00:00,2399,6\n", 2162,
        5, 1)]
    [InlineData("arrived_at,num_prefill_tokens,num_decode_tokens\n0.0,100,20\n1.5,7,8\n", 100, 20, 1.5)]
    [InlineData(
        "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n5,ChatGPT,472,18,490,Conversation log\n45,GPT-4,1,2,3,API "
        + "log\n", 472, 18, 45)]
    public void Tables_are_known_by_their_columns(string text, int input, int output, double secondSeconds)
    {
        ArrivalTrace trace = ArrivalTraceReader.ReadCsv(new StringReader(text), "t");
        Assert.Equal((input, output), (trace[0].InputTokens, trace[0].OutputTokens));
        Assert.Equal(secondSeconds, trace[1].Seconds, 1e-6);
    }

    [Fact]
    public void Block_hashes_of_mooncake_say_what_is_alike()
    {
        ArrivalTrace trace = ArrivalTraceReader.ReadJsonLines(
            new StringReader(
                "{\"timestamp\": 0, \"input_length\": 1100, \"output_length\": 52, \"hash_ids\": [0, 1, 2]}\n"
                + "{\"timestamp\": 2500, \"input_length\": 1024, \"output_length\": 3, \"hash_ids\": [0, 7]}\n"),
            "t");
        Assert.Equal(2.5, trace[1].Seconds);
        Assert.Equal([new(1, 512), new(2, 512), new(3, 76)], trace[0].Segments.ToArray());
        Assert.Equal(trace[0].Segments.Span[0], trace[1].Segments.Span[0]);
    }

    [Fact]
    public void LLMServingSim_counts_nanoseconds()
    {
        ArrivalTrace trace = ArrivalTraceReader.ReadJsonLines(
            new StringReader("{\"input_toks\": 16, \"output_toks\": 8, \"arrival_time_ns\": 5000000, \"input_tok_ids\": [1, 2]}\n"), "t");
        Assert.Equal((0.005, 16, 8), (trace[0].Seconds, trace[0].InputTokens, trace[0].OutputTokens));
    }

    [Theory]
    [InlineData("TIMESTAMP,ContextTokens,GeneratedTokens\nyesterday,1,2\n", "line 2: TIMESTAMP is yesterday")]
    [InlineData("TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03,,2\n", "line 2: ContextTokens is missing")]
    [InlineData("TIMESTAMP,ContextTokens\n", "line 1: unknown column \"TIMESTAMP\"")]
    public void What_is_wrong_is_said_with_its_line(string text, string message) => Assert.Contains(
        message,
        Assert.Throws<InferometerException>(() => ArrivalTraceReader.ReadCsv(new StringReader(text), "t")).Message,
        StringComparison.Ordinal);

    [Fact]
    public void ShareGpt_gives_the_first_question_and_answer_of_each_conversation()
    {
        string json = $$"""
            [{"id": "a", "conversations": [{"from": "human", "value": "{{new string('x', 40)}}"}, {"from": "gpt", "value": "{{new string('y', 21)}}"}]},
             {"id": "b", "conversations": [{"from": "human", "value": "alone"}]},
             {"id": "c", "conversations": [{"from": "human", "value": "hi"}, {"from": "gpt", "value": "too short a question"}]}]
            """;
        using MemoryStream stream = new(System.Text.Encoding.UTF8.GetBytes(json));
        LengthPairs pairs = LengthPairsReader.ReadShareGpt(stream, "t");
        Assert.Equal((1, 10.0, 6.0), (pairs.Count, pairs.MeanInput, pairs.MeanOutput));
    }

    [Theory]
    [InlineData("{}", "expected is an array")]
    [InlineData("[{\"id\": 1}]", "conversation 1: it has no array")]
    [InlineData("[", "no JSON")]
    [InlineData("[]", "at least one pair")]
    public void A_dataset_that_is_none_is_told_so(string json, string message)
    {
        using MemoryStream stream = new(System.Text.Encoding.UTF8.GetBytes(json));
        Assert.Contains(
            message, Assert.Throws<InferometerException>(() => LengthPairsReader.ReadShareGpt(stream, "t")).Message,
                StringComparison.Ordinal);
    }
}
