using System.Text.Json;
using Inferometer.Core;
using Inferometer.Inference.Constraints;
using Inferometer.Inference.Engine;
using Inferometer.Inference.Sampling;
using Inferometer.ModelFiles.Generation;
using Inferometer.Scheduling;

namespace Inferometer.Inference.Tests.Engine;

public sealed class InferenceEngineTests
{
    [Fact]
    public async Task Thousands_of_concurrent_short_requests_end_with_every_block_returned()
    {
        await using InferenceEngine engine = EngineRunner.Start(EngineRunner.Stories, EngineRunner.Defaults with
        {
            MaxBatchSize = 32,
            MaxSequenceTokens = 64,
        });
        Random random = new(1);
        (string Prompt, int Tokens)[] requests =
            [.. Enumerable.Range(0, 2000).Select(i => ($"Once upon a time {i % 7}", random.Next(1, 6)))];
        GenerationResult[] results =
            await Task.WhenAll(requests.Select(r => Task.Run(() => engine.RunAsync(EngineRunner.Greedy(r.Prompt, r.Tokens)))));
        PerformanceStatistics statistics = engine.Statistics;
        Assert.Equal(2000, statistics.CompletedRequests);
        Assert.Equal((0, 0, 0), (statistics.KvBlocksUsed, statistics.WaitingRequests, statistics.RunningSequences));
        Assert.Equal(results.Sum(r => r.Usage.OutputTokens), statistics.GeneratedTokens);
        Assert.Equal(results.Sum(r => r.Usage.PromptTokens), statistics.PromptTokensComputed + statistics.CachedPromptTokens);
        Assert.InRange(statistics.MaxBatchSizeSeen, 2, 32);
        for (int i = 0; i < requests.Length; i++)
        {
            int twin = Array.FindIndex(requests, r => r == requests[i]);
            Assert.Equal(results[twin].TokenIds, results[i].TokenIds); // equal requests, equal answers, whatever else ran beside them
        }
    }

    [Fact]
    public async Task Cancelling_a_stream_frees_its_blocks_and_leaves_the_engine_working()
    {
        await using InferenceEngine engine = EngineRunner.Start(EngineRunner.Tales);
        using CancellationTokenSource cancel = new();
        int seen = 0;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (GenerationUpdate update in engine
                .StreamAsync(
                    EngineRunner.Greedy("Alice", 400) with { Sampling = SamplingOptions.Greedy with { IgnoreEndOfGeneration = true } },
                    cancel.Token))
            {
                if (++seen == 3)
                {
                    await cancel.CancelAsync();
                }
            }
        });
        await engine.RunAsync(EngineRunner.Greedy("It was", 2)); // a later request is served after the cancellation was
        Assert.Equal(0, engine.Statistics.KvBlocksUsed);
        Assert.Equal(0, engine.Statistics.RunningSequences);
    }

    [Fact]
    public async Task Leaving_the_enumeration_early_cancels_too()
    {
        await using InferenceEngine engine = EngineRunner.Start(EngineRunner.Tales);
        await foreach (GenerationUpdate update in engine.StreamAsync(
            EngineRunner.Greedy("Alice", 400), TestContext.Current.CancellationToken))
        {
            break;
        }

        await engine.RunAsync(EngineRunner.Greedy("It was", 2));
        Assert.Equal(0, engine.Statistics.KvBlocksUsed);
    }

    [Fact]
    public async Task Disposing_ends_requests_under_way()
    {
        InferenceEngine engine = EngineRunner.Start(EngineRunner.Tales);
        Task<GenerationResult> running = engine.RunAsync(
            EngineRunner.Greedy("Alice", 400) with { Sampling = SamplingOptions.Greedy with { IgnoreEndOfGeneration = true } });
        await engine.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => running);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => engine.RunAsync(EngineRunner.Greedy("Alice", 4)));
    }

    [Fact]
    public async Task A_stop_string_ends_the_text_before_it_and_is_not_given_out()
    {
        await using InferenceEngine engine = EngineRunner.Start(EngineRunner.Tales);
        GenerationResult whole = await engine.RunAsync(EngineRunner.Greedy("Alice was beginning to get very tired", 60));
        string stop = whole.Text.Substring(31, 7); // across tokens
        int at = whole.Text.IndexOf(stop, StringComparison.Ordinal);
        GenerationResult stopped = await engine
            .RunAsync(
                EngineRunner.Greedy(
                    "Alice was beginning to get very tired", 60) with
                { Sampling = SamplingOptions.Greedy with { StopStrings = [stop] } });
        Assert.Equal(whole.Text[..at], stopped.Text);
        Assert.Equal(FinishReason.Stop, stopped.FinishReason);
        Assert.True(stopped.Usage.OutputTokens < whole.Usage.OutputTokens);
    }

    [Fact]
    public async Task A_stop_token_ends_the_output_and_is_not_given_out()
    {
        await using InferenceEngine engine = EngineRunner.Start(EngineRunner.Tales);
        GenerationResult whole = await engine.RunAsync(EngineRunner.Greedy("Alice was beginning to get very tired", 20));
        GenerationResult stopped = await engine
            .RunAsync(
                EngineRunner.Greedy(
                    "Alice was beginning to get very tired",
                    20) with
                { Sampling = SamplingOptions.Greedy with { StopTokens = [whole.TokenIds[5]] } });
        int first = whole.TokenIds.ToList().IndexOf(whole.TokenIds[5]);
        Assert.Equal(whole.TokenIds.Take(first), stopped.TokenIds);
        Assert.Equal(first + 1, stopped.Usage.OutputTokens);
    }

    [Theory]
    [InlineData(0, 2)]
    [InlineData(0, 30)]
    [InlineData(1.5f, 40)]
    public async Task Json_mode_gives_one_complete_object(float temperature, int maxTokens)
    {
        await using InferenceEngine engine =
            EngineRunner.Start(EngineRunner.Tales, EngineRunner.Defaults with { Speculation = new SpeculationOptions() });
        SamplingOptions sampling = new() { Constraint = OutputConstraint.JsonObject, Temperature = temperature, Seed = 3 };
        GenerationResult[] results = await Task.WhenAll(Enumerable.Range(0, 3).Select(i =>
            engine.RunAsync(new GenerationRequest
            {
                Prompt = $"The {i} answers as JSON: ",
                MaxNewTokens = maxTokens,
                Sampling = sampling with { Seed = (ulong)i },
            })));
        foreach (GenerationResult result in results)
        {
            using JsonDocument document = JsonDocument.Parse(result.Text);
            Assert.Equal(JsonValueKind.Object, document.RootElement.ValueKind);
            Assert.Equal(FinishReason.Stop, result.FinishReason);
        }
    }

    [Fact]
    public async Task Streamed_text_is_the_whole_text_and_usage_adds_up()
    {
        await using InferenceEngine engine = EngineRunner.Start(EngineRunner.Tales);
        GenerationRequest request = EngineRunner.Greedy("Alice was beginning to get very tired", 30);
        List<GenerationUpdate> updates = [];
        await foreach (GenerationUpdate update in engine.StreamAsync(request, TestContext.Current.CancellationToken))
        {
            updates.Add(update);
        }

        int[] tokens = [.. updates.Where(u => u.TokenId is not null).Select(u => u.TokenId!.Value)];
        Assert.Equal(engine.Tokenizer.Decode(tokens, isContinuation: true), string.Concat(updates.Select(u => u.Text)));
        GenerationUsage usage = updates[^1].Usage!;
        Assert.Equal((8, 30), (usage.PromptTokens, usage.OutputTokens));
        Assert.True(
            0 <= usage.QueueSeconds && usage.QueueSeconds <= usage.TimeToFirstTokenSeconds
                && usage.TimeToFirstTokenSeconds <= usage.TotalSeconds);
        Assert.Equal(FinishReason.Length, updates[^1].FinishReason);
    }

    [Fact]
    public async Task Log_probabilities_come_with_every_token_and_greedy_tokens_lead_them()
    {
        await using InferenceEngine engine = EngineRunner.Start(EngineRunner.Tales);
        GenerationResult result = await engine.RunAsync(
            EngineRunner.Greedy("Alice", 10) with { Sampling = SamplingOptions.Greedy with { TopLogProbabilities = 4 } });
        Assert.Equal(result.TokenIds, result.LogProbabilities.Select(l => l.Chosen.TokenId));
        Assert.All(result.LogProbabilities, l => Assert.Equal(l.Chosen, l.Top[0]));
        Assert.All(result.LogProbabilities, l => Assert.True(l.Top.Sum(t => Math.Exp(t.LogProbability)) <= 1.0001));
    }

    [Fact]
    public async Task Requests_too_long_are_rejected_and_timeouts_end_with_their_reason()
    {
        await using InferenceEngine engine = EngineRunner.Start(EngineRunner.Tales, EngineRunner.Defaults with { MaxSequenceTokens = 100 });
        RequestRejectedException error =
            await Assert.ThrowsAsync<RequestRejectedException>(() => engine.RunAsync(EngineRunner.Greedy("Alice", 200)));
        Assert.Equal(RejectionReason.TooLong, error.Reason);
        GenerationResult expired = await engine.RunAsync(EngineRunner.Greedy("Alice", 90) with { Timeout = TimeSpan.FromTicks(1) });
        Assert.Equal(FinishReason.Deadline, expired.FinishReason);
    }

    [Fact]
    public async Task Invalid_requests_are_refused_before_anything_runs()
    {
        await using InferenceEngine engine = EngineRunner.Start(EngineRunner.Tales);
        Assert.Throws<InferometerException>(() => engine.StreamAsync(new GenerationRequest(), TestContext.Current.CancellationToken));
        Assert.Throws<InferometerException>(
            () => engine.StreamAsync(new GenerationRequest { PromptTokens = new[] { 99_999 } }, TestContext.Current.CancellationToken));
        Assert.Throws<InferometerException>(() => engine.StreamAsync(EngineRunner.Greedy("a", 0), TestContext.Current.CancellationToken));
        Assert.Equal(0, engine.Statistics.TotalBatchesProcessed);
    }

    [Fact]
    public async Task Attention_calls_are_counted_on_the_path_that_ran()
    {
        foreach (bool flash in new[] { true, false })
        {
            await using InferenceEngine engine =
                EngineRunner.Start(EngineRunner.Tales, EngineRunner.Defaults with { FlashAttention = flash });
            await engine.RunAsync(EngineRunner.Greedy("Alice was", 5));
            PerformanceStatistics statistics = engine.Statistics;
            long expected = statistics.TotalBatchesProcessed * engine.Architecture.LayerCount;
            Assert.Equal(flash ? (expected, 0) : (0, expected), (statistics.FlashAttentionCalls, statistics.StandardAttentionCalls));
            Assert.Equal(5, statistics.TotalBatchesProcessed);
        }
    }

    [Fact]
    public async Task Embeddings_do_not_depend_on_chunks_and_have_unit_length()
    {
        const string text = "The old house stood at the end of the lane, and nobody had lived in it for many years.";
        foreach (EmbeddingPooling pooling in Enum.GetValues<EmbeddingPooling>())
        {
            await using InferenceEngine whole = EngineRunner.Start(EngineRunner.Tales);
            await using InferenceEngine chunked =
                EngineRunner.Start(EngineRunner.Tales, EngineRunner.Defaults with { MaxTokensPerStep = 7 });
            float[] expected = await whole.EmbedAsync(text, pooling, cancellationToken: TestContext.Current.CancellationToken);
            float[] actual = await chunked.EmbedAsync(text, pooling, cancellationToken: TestContext.Current.CancellationToken);
            Assert.Equal(whole.Architecture.HiddenSize, expected.Length);
            Assert.Equal(1, Math.Sqrt(expected.Sum(v => (double)v * v)), 1e-5);
            Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-3));
        }
    }
}
