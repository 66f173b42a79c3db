using Inferometer.Core;
using Inferometer.Measurement.Load;
using Inferometer.ReferenceModels;
using Inferometer.Scheduling;
using Inferometer.Serving;
using Inferometer.Serving.Arrivals;
using Inferometer.Simulation.Serving;

namespace Inferometer.Measurement.Tests.Load;

/// <summary>What a load generator says, against a server that notes what it did.</summary>
public sealed class LoadGeneratorTests
{
    private static readonly TimeSpan Wait = TimeSpan.FromMilliseconds(20);

    [Fact]
    public async Task Counts_and_reasons_are_those_of_the_server()
    {
        using ScriptedServer server = new(asked => Words(asked.MaxTokens));
        LoadResult result = await RunAsync(server, ArrivalTrace.Constant(20, 100, 50, 4).ToSource());

        ServingReport report = result.Report.Value;
        Assert.Equal((20, 80, 0), (report.Completed, report.OutputTokens, result.Errors.Count));
        Assert.Equal(20, report.FinishedBy[FinishReason.Length]);
        Assert.Equal(20 * 2, report.CachedTokens);

        // The server counts a token a word and three more; prompts are made to the length that was asked for.
        Assert.All(result.Timelines, t => Assert.Equal((50, 4), (t.PromptTokens, t.OutputTokens)));
        Assert.All(server.Answers, a => Assert.Contains("\"ignore_eos\":true", a.Asked.Body, StringComparison.Ordinal));
        Assert.Equal(20, server.Answers.Select(a => a.Asked.Prompt).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal("scripted", Model(server));
    }

    // Ten tokens in five pieces: without a word of tokens, the five are all that can be counted.
    [Fact]
    public async Task What_a_service_does_not_count_is_said()
    {
        using ScriptedServer silent = new(asked => Words(5) with { SendsNoUsage = asked.Number % 2 == 0 });
        LoadResult result = await RunAsync(silent, ArrivalTrace.Constant(4, 100, 30, 5).ToSource());
        Assert.StartsWith(
            "The service reported no usage with 2 of 4 answers: there every piece of text is counted as a token",
            Assert.Single(result.Notes), StringComparison.Ordinal);
        Assert.All(result.Timelines, t => Assert.Equal((30, 5), (t.PromptTokens, t.OutputTokens)));

        // Two of four end three tokens early.
        using ScriptedServer brief = new(asked => Words(asked.Number % 2 == 0 ? 7 : 10));
        Assert.StartsWith(
            "2 of 4 answers ended earlier than asked for, by 3 tokens on average",
            Assert.Single((await RunAsync(brief, ArrivalTrace.Constant(4, 100, 30, 10).ToSource())).Notes), StringComparison.Ordinal);

        using ScriptedServer whole = new(asked => Words(asked.MaxTokens));
        Assert.Empty((await RunAsync(whole, ArrivalTrace.Constant(2, 100, 30, 3).ToSource())).Notes);
    }

    [Fact]
    public async Task What_fails_in_the_warm_up_is_told_apart_from_what_was_measured()
    {
        using ScriptedServer server = new(asked => asked.Prompt.Length > 0 && asked.Number is 0 or 3 ? new([]) { Status = 429 } : Words(1));
        LoadResult result = await RunAsync(
            server, ArrivalTrace.Constant(6, 20, 30, 1).ToSource(), new LoadOptions { WarmUp = new WarmUp(2, 0) });
        ServingReport report = result.Report.Value;
        Assert.Equal((3, 1), (report.Completed, report.Failed));
        Assert.Equal((2, 1), (result.WarmUpRequests, result.WarmUpFailed));
        Assert.Equal(result.Timelines.Count, report.Completed + report.Failed + result.WarmUpRequests);
    }

    // Whatever the machine is busy with: nothing can come before it was written, and pieces are as far apart as they came.
    [Fact]
    public async Task Times_are_not_before_what_the_server_did()
    {
        using ScriptedServer server = new(asked => Words(3, Wait));
        LoadResult result = await RunAsync(server, ArrivalTrace.Constant(10, 200, 20, 3).ToSource());

        Assert.All(result.Timelines, t =>
        {
            Assert.True(t.TimeToFirstToken >= Wait.TotalSeconds, $"first token after {t.TimeToFirstToken} s");
            Assert.True(t.EndToEndTime >= 3 * Wait.TotalSeconds, $"last token after {t.EndToEndTime} s");
            Assert.Equal(t.TimePerOutputToken!.Value, t.InterTokenLatencies.Average(), 9);
        });
    }

    // Ten requests due at once of a server that answers one after the other: the last one's user waits for all.
    [Fact]
    public async Task Waiting_counts_from_when_a_request_was_due()
    {
        using SemaphoreSlim turn = new(1);
        using ScriptedServer server = new(_ =>
        {
            turn.Wait();
            Thread.Sleep(Wait);
            turn.Release();
            return Words(1);
        });
        LoadResult result = await RunAsync(server, ArrivalTrace.Constant(10, 1e6, 10, 1).ToSource());

        double[] waits = [.. result.Timelines.Select(t => t.TimeToFirstToken!.Value).Order()];
        Assert.True(waits[^1] >= 10 * Wait.TotalSeconds, $"the last waited {waits[^1]} s");
        Assert.True(result.Report.Value.TimeToFirstToken!.Mean >= 5 * Wait.TotalSeconds, "the mean is that of a queue");
    }

    [Fact]
    public async Task Users_wait_for_their_answers()
    {
        using ScriptedServer server = new(_ => Words(2, TimeSpan.FromMilliseconds(3)));
        TrafficOptions traffic = new()
        {
            Users = 3,
            Requests = 24,
            Input = LengthDistribution.Fixed(10),
            Output = LengthDistribution.Fixed(2),
            Turns = LengthDistribution.Fixed(2),
        };
        LoadResult result = await RunAsync(server, new GeneratedArrivals(traffic), new LoadOptions { WarmUp = new WarmUp(6, 0) });

        Assert.InRange(server.MostUnderWay, 1, 3);
        Assert.Equal((24, 18), (result.Timelines.Count, result.Report.Value.Completed));

        // The second turn of a conversation begins with the first.
        string[] prompts = [.. server.Answers.Select(a => a.Asked.Prompt)];
        int continued = prompts.Count(p => prompts.Any(q => q.Length > p.Length && q.StartsWith(p, StringComparison.Ordinal)));

        // The last request may find two of the users in the middle of a conversation.
        Assert.InRange(continued, 11, 12);
    }

    [Fact]
    public async Task What_goes_wrong_is_named_and_counted()
    {
        using ScriptedServer server = new(asked => (asked.Number % 5) switch
        {
            0 => new([]) { Status = 429, Body = """{"error":{"message":"slow down","type":"rate_limit"} }""" },
            1 => new([TimeSpan.Zero, TimeSpan.Zero])
            {
                PieceOf = i => i == 1 ? """{"error":{"message":"out of memory","code":500} }""" : null,
            },
            2 => Words(2) with { BreaksOff = true },
            3 => new([TimeSpan.Zero]) { PieceOf = _ => "not json" },
            _ => Words(2),
        });
        LoadResult result = await RunAsync(server, ArrivalTrace.Constant(25, 500, 10, 2).ToSource());

        Assert.Equal(5, result.Report.Value.Completed);
        Assert.Equal(4, result.Errors.Count);
        Assert.All(result.Errors, e => Assert.Equal(5, e.Count));
        Assert.Contains(result.Errors, e => e.Error is "HTTP 429: slow down");
        Assert.Contains(result.Errors, e => e.Error is "the stream ended in an error: out of memory");
        Assert.Contains(result.Errors, e => e.Error is "a part of the stream is not JSON as the interface has it");
        Assert.Contains(result.Errors, e => e.Error is "the connection broke: the service closed it in the middle of the answer");
        Assert.Equal(5, result.Asked.Count);
    }

    /// <summary>vLLM and SGLang close what they call off like a whole answer, with a reason of their own and [DONE].</summary>
    [Theory]
    [InlineData("\"abort\"", 2, "the service called the answer off (finish_reason 'abort')")]
    [InlineData("\"error\"", 2, "the service called the answer off (finish_reason 'error')")]
    [InlineData("null", 0, "the stream ended before the answer did")]
    [InlineData("\"stop\"", 2, null)]
    [InlineData("\"eos_token\"", 2, null)]
    [InlineData("\"stop\"", 0, "the answer has no token, where 2 were asked for")]
    [InlineData("null", 2, null)]
    [InlineData("\"\"", 2, null)]
    public async Task Reasons_to_end_tell_answers_from_what_was_called_off(string reason, int words, string? error)
    {
        using ScriptedServer server = new(asked => asked.Number == 0 ? Words(2) : Words(words) with { FinishReason = reason });
        LoadResult result = await RunAsync(server, ArrivalTrace.Constant(4, 500, 10, 2).ToSource());

        Assert.Equal(error is null ? 4 : 1, result.Report.Value.Completed);
        Assert.Equal(error is null ? [] : [(error, 3)], result.Errors.Select(e => (e.Error, e.Count)));
    }

    [Theory]
    [InlineData("""{"object":"error","message":"out of memory","type":"InternalServerError","param":null,"code":500}""", "out of memory")]
    [InlineData("""{"object":"error"}""", "of which nothing is said")]
    [InlineData("""{"error":"out of\nmemory"}""", "out of memory")]
    public async Task Errors_in_a_stream_are_read_in_the_forms_of_all_servers(string piece, string text)
    {
        using ScriptedServer server = new(asked => asked.Number == 0 ? Words(2) : Words(2) with { PieceOf = i => i == 1 ? piece : null });
        LoadResult result = await RunAsync(server, ArrivalTrace.Constant(3, 500, 10, 2).ToSource());

        Assert.Equal(1, result.Report.Value.Completed);
        Assert.Equal([($"the stream ended in an error: {text}", 2)], result.Errors.Select(e => (e.Error, e.Count)));
    }

    [Fact]
    public async Task Who_is_hung_up_on_asks_once_more_and_no_oftener()
    {
        using ScriptedServer server = new(asked => asked.Number == 2 ? new([]) { HangsUp = true } : Words(2));
        LoadResult result = await RunAsync(server, ArrivalTrace.Constant(10, 100, 10, 2).ToSource());
        Assert.Empty(result.Errors);
        Assert.Equal(10, result.Report.Value.Completed);

        using ScriptedServer rude = new(asked => asked.Number % 10 is 2 or 3 ? new([]) { HangsUp = true } : Words(2));
        TrafficOptions one = new()
        {
            Users = 1,
            Requests = 5,
            Input = LengthDistribution.Fixed(10),
            Output = LengthDistribution.Fixed(2),
        };
        result = await RunAsync(rude, new GeneratedArrivals(one));
        (string error, int count) = Assert.Single(result.Errors);
        Assert.Equal(1, count);
        Assert.Equal("the connection failed: the service closed it before it answered", error);
    }

    [Fact]
    public async Task A_service_that_answers_nothing_is_an_error()
    {
        using ScriptedServer server = new(_ => new([]) { Status = 500, Body = "broken" });
        InferometerException error = await Assert.ThrowsAsync<InferometerException>(
            () => RunAsync(server, ArrivalTrace.Constant(3, 100, 10, 1).ToSource()));
        Assert.Contains("all 3 requests failed: HTTP 500: broken", error.Message, StringComparison.Ordinal);

        using OpenAiTarget nobody = new(new OpenAiTargetOptions { Address = new Uri("http://127.0.0.1:1") });
        error = await Assert.ThrowsAsync<InferometerException>(() => nobody.PrepareAsync(TestContext.Current.CancellationToken));
        Assert.Contains("the connection failed", error.Message, StringComparison.Ordinal);
        Assert.Throws<InferometerException>(() => new OpenAiTarget(new OpenAiTargetOptions { Address = new Uri("ftp://localhost") }));
    }

    [Fact]
    public async Task A_request_that_takes_too_long_is_given_up()
    {
        using ScriptedServer server = new(asked => asked.Number == 0 ? Words(1, TimeSpan.FromMinutes(5)) : Words(1));
        LoadResult result = await RunAsync(
            server, ArrivalTrace.Constant(2, 100, 10, 1).ToSource(), new LoadOptions { Timeout = TimeSpan.FromSeconds(1) });
        Assert.Equal("no complete answer within 1 s", Assert.Single(result.Errors).Error);
        Assert.Equal(1, result.Report.Value.FinishedBy[FinishReason.Deadline]);
    }

    [Fact]
    public async Task A_load_can_be_given_up()
    {
        using ScriptedServer server = new(_ => Words(1, TimeSpan.FromMinutes(5)));
        using CancellationTokenSource stop = new(TimeSpan.FromMilliseconds(200));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => RunAsync(server, ArrivalTrace.Constant(5, 100, 10, 1).ToSource(), cancellationToken: stop.Token));
    }

    // The sixth request is never answered; the load is stopped while it is waited for, and behind it more would have come.
    [Fact]
    public async Task A_load_that_is_stopped_early_gives_what_was_answered_and_says_so()
    {
        using CancellationTokenSource stop = new();
        using ScriptedServer server = new(asked => asked.Number < 5 ? Words(2) : Words(1, TimeSpan.FromMinutes(5)));
        LoadOptions options = new()
        {
            Stop = stop.Token,
            WarmUp = new WarmUp(50, 0),
            Progress = answers =>
            {
                if (answers == 5)
                {
                    stop.CancelAfter(TimeSpan.FromMilliseconds(100));
                }
            },
        };
        GeneratedArrivals users = new(new TrafficOptions
        {
            Users = 1,
            Requests = 100,
            Input = LengthDistribution.Fixed(10),
            Output = LengthDistribution.Fixed(2),
        });
        LoadResult result = await RunAsync(server, users, options);
        Assert.True(result.IsStoppedEarly);
        Assert.Equal((5, 5, WarmUp.None), (result.Timelines.Count, result.Report.Value.Completed, result.WarmUp));
        Assert.Empty(result.Errors);

        using ScriptedServer whole = new(_ => Words(1));
        Assert.False((await RunAsync(whole, ArrivalTrace.Constant(3, 100, 10, 1).ToSource())).IsStoppedEarly);
    }

    [Fact]
    public async Task A_load_that_is_stopped_before_any_answer_has_no_result()
    {
        using CancellationTokenSource stop = new(TimeSpan.FromMilliseconds(200));
        using ScriptedServer server = new(_ => Words(1, TimeSpan.FromMinutes(5)));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => RunAsync(server, ArrivalTrace.Constant(5, 100, 10, 1).ToSource(), new LoadOptions { Stop = stop.Token }));
    }

    [Theory]
    [InlineData(4, 4, new[] { 1, 1, 1, 1 })]
    [InlineData(4, 10, new[] { 2, 3, 2, 3 })]
    [InlineData(4, 2, new[] { 1, 1, 1, 1 })] // pieces without a token of their own, such as the rest of a character
    public void Pieces_of_several_tokens_share_them(int pieces, int tokens, int[] expected) =>
        Assert.Equal(
            expected, OpenAiTarget.Deliveries([.. Enumerable.Range(0, pieces).Select(i => (double)i)], tokens).Select(d => d.Tokens));

    private static ScriptedServer.Script Words(int count, TimeSpan delay = default) => new([.. Enumerable.Repeat(delay, count)]);

    private static string Model(ScriptedServer server)
    {
        using OpenAiTarget target = new(new OpenAiTargetOptions { Address = server.Address });
        target.PrepareAsync(TestContext.Current.CancellationToken).GetAwaiter().GetResult();
        return target.Model;
    }

    private static async Task<LoadResult> RunAsync(
        ScriptedServer server, IArrivalSource source, LoadOptions? options = null, CancellationToken? cancellationToken = null)
    {
        CancellationToken stop = cancellationToken ?? TestContext.Current.CancellationToken;
        using OpenAiTarget target = new(new OpenAiTargetOptions { Address = server.Address });
        await target.PrepareAsync(stop);
        return await new LoadGenerator(target, options ?? new LoadOptions()).RunAsync(source, stop);
    }
}
