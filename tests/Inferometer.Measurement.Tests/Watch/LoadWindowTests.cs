using System.Text.Json;
using Inferometer.Core;
using Inferometer.Measurement.Watch;
using Inferometer.Serving.Arrivals;

namespace Inferometer.Measurement.Tests.Watch;

/// <summary>What is made of pages of metrics.</summary>
public sealed class LoadWindowTests
{
    [Fact]
    public void Rate_lengths_and_latencies_are_those_between_the_pages()
    {
        LoadWindow window = Window(null, (0, Pages.Vllm(1000, 9, 9)), (50, More(Pages.Vllm(1000, 9, 9), 30, 0.2, 0.03)));
        ObservedLoad load = window.Observe();

        Assert.Equal("vLLM", load.Program.Program);
        Assert.Equal((30, 50), (load.Requests, load.Seconds));

        // 30 ended in 50 s, and those under way grew by 5.
        Assert.Equal(0.7, load.RequestsPerSecond!.Value, 9);
        Assert.Equal((100, 20), (load.InputTokens, load.OutputTokens));
        Assert.Equal((60, 12), (load.PromptTokensPerSecond, load.OutputTokensPerSecond));
        Assert.Equal((1.5, 1.0, 0.25, 0.0), (load.Running, load.Waiting, load.CacheUse, load.CachedShare));
        Assert.Equal(0.2, load.Of(WatchedLatency.TimeToFirstToken)!.MeanSeconds, 9);
        Assert.Equal(0.03, load.Of(WatchedLatency.TimePerOutputToken)!.MeanSeconds, 9);
        Assert.Equal(30, load.Of(WatchedLatency.EndToEnd)!.Count);
        Assert.Null(load.Of(WatchedLatency.Prefill));
    }

    // Five seconds of pages that come a few milliseconds early and late: a window of four of them is the last five.
    [Fact]
    public void The_window_begins_at_the_page_nearest_to_its_length()
    {
        LoadWindow window = new(TimeSpan.FromSeconds(4), null);
        double[] times = [0, 1.001, 2.003, 2.998, 4.002, 5.0, 6.001];
        for (int i = 0; i < times.Length; i++)
        {
            window.Add(Scrape.Read(Pages.Vllm(10 * i), TimeSpan.FromSeconds(times[i]), null, "test"));
        }

        ObservedLoad load = window.Observe();
        Assert.Equal((5, 40), (load.Scrapes, load.Requests));
        Assert.Equal(3.998, load.Seconds, 6);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void VLLM_is_read_under_the_names_of_its_versions(bool isOld)
    {
        ObservedLoad load = Window(null, (0, Pages.VllmOfVersion(isOld, 100)), (10, Pages.VllmOfVersion(isOld, 130))).Observe();
        Assert.Equal((60, 100, 20), (load.Requests, load.InputTokens, load.OutputTokens)); // of two engines
        Assert.Equal((4.0, 0.5, 0.25), (load.Running, load.CacheUse, load.CachedShare));
        Assert.Equal(0.2, load.Of(WatchedLatency.TimeToFirstToken)!.MeanSeconds, 9);
        Assert.Equal(0.03, load.Of(WatchedLatency.InterTokenLatency)!.MeanSeconds, 9);
        Assert.Equal(isOld ? 0 : 0.03, load.Of(WatchedLatency.TimePerOutputToken)?.MeanSeconds ?? 0, 9);
        Assert.Equal((0.15, 0.05), (
            Math.Round(load.Of(WatchedLatency.Prefill)!.MeanSeconds, 9), Math.Round(load.Of(WatchedLatency.Queue)!.MeanSeconds, 9)));
    }

    [Fact]
    public void Tokens_that_llama_cpp_found_in_its_cache_are_part_of_prompts()
    {
        ObservedLoad load = Window(
            20, (0, Pages.LlamaCppOf2026(1000, 500, 1, 2000, 40)), (10, Pages.LlamaCppOf2026(1900, 600, 1.6, 2200, 45.7))).Observe();
        Assert.Equal((10, 100, 20), (load.Requests, load.InputTokens, load.OutputTokens));
        Assert.Equal((0.1, 3.0, 1.0), (load.CachedShare, load.Running, load.Waiting));
        Assert.Equal(5.7 / 190, load.Of(WatchedLatency.TimePerOutputToken)!.MeanSeconds, 9);
        Assert.Equal(0.06, load.Of(WatchedLatency.Prefill)!.MeanSeconds, 9);
        Assert.Null(load.CacheUse);
    }

    [Fact]
    public void Ranks_of_a_group_are_not_added_up()
    {
        ObservedLoad load = Window(null, (0, Pages.SglangOfAllRanks(10)), (10, Pages.SglangOfAllRanks(30))).Observe();
        Assert.Equal((3.0, 2.0, 0.25), (load.Running, load.Waiting, load.CachedShare));
        Assert.Equal((20, 200, 10), (load.Requests, load.InputTokens, load.OutputTokens));
        Assert.Equal(20, load.Of(WatchedLatency.Queue)!.Count);
        Assert.Equal(0.02, load.Of(WatchedLatency.TimePerOutputToken)!.MeanSeconds, 9);
    }

    [Fact]
    public void Every_name_has_its_program_and_a_file_that_is_wrong_is_named()
    {
        Assert.All(WatchedPrograms.All, p => Assert.All(p.Names, n =>
        {
            Assert.NotEmpty(n.Value);
            Assert.Equal(n.Value.Count, n.Value.Select(x => x.Name).Distinct(StringComparer.Ordinal).Count());
            Assert.All(n.Value, x => Assert.True(n.Value.Count == 1 || x.Versions is not null || p.Program is "TGI", x.Name));
        }));
        using JsonDocument wrong = JsonDocument.Parse(
            """{"program":"x","framework":"x","version":"1","source":"s","mark":"x:","running":[{"name":"x:a","since":"1"}]}""");
        Assert.Contains("'running' holds", Assert.Throws<InferometerException>(
            () => WatchedPrograms.Parse(wrong.RootElement, "catalog/watch/x.json")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_window_slides_and_keeps_the_page_at_its_beginning()
    {
        LoadWindow window = Window(
            null, [.. Enumerable.Range(0, 20).Select(i => ((double)i * 10, Pages.Vllm(i * i)))]);
        ObservedLoad load = window.Observe();

        // A minute: from the page at 130 s to the one at 190 s.
        Assert.Equal((60, (19 * 19) - (13 * 13), 7), (load.Seconds, (int)load.Requests!, load.Scrapes));
    }

    [Fact]
    public void Counters_that_fall_begin_the_window_anew()
    {
        LoadWindow window = new(TimeSpan.FromMinutes(1), null);
        Assert.False(window.Add(Read(0, Pages.Vllm(100))));
        Assert.False(window.Add(Read(10, Pages.Vllm(110))));
        Assert.True(window.Add(Read(20, Pages.Vllm(3))));
        Assert.False(window.IsOpen);
        Assert.False(window.Add(Read(30, Pages.Vllm(8))));
        Assert.Equal((10, 5), (window.Observe().Seconds, window.Observe().Requests));
    }

    [Fact]
    public void Histograms_without_values_say_nothing()
    {
        ObservedLoad load = Window(null, (0, Pages.Vllm(0)), (10, Pages.Vllm(0))).Observe();
        Assert.Equal((0, 0.0), (load.Requests, load.RequestsPerSecond));
        Assert.Null(load.InputTokens);
        Assert.Null(load.OutputTokens);
        Assert.Empty(load.Latencies);
    }

    [Fact]
    public void What_a_page_does_not_have_is_not_known()
    {
        ObservedLoad load = Window(null, (0, "vllm:num_requests_running 1\n"), (10, "vllm:num_requests_running 3\n")).Observe();
        Assert.Equal(2, load.Running);
        Assert.Null(load.Waiting);
        Assert.Null(load.Requests);
        Assert.Null(load.RequestsPerSecond);
        Assert.Null(load.CacheUse);
        Assert.Empty(load.Latencies);
    }

    [Fact]
    public void Replicas_are_added_up_and_lengths_come_from_counters_where_there_is_no_histogram()
    {
        ObservedLoad load = Window(null, (0, Pages.Sglang(10)), (20, Pages.Sglang(50))).Observe();
        Assert.Equal(("SGLang", 40, 2), (load.Program.Program, load.Requests, load.RequestsPerSecond));
        Assert.Equal((300, 40, 4, 0), (load.InputTokens, load.OutputTokens, load.Running, load.Waiting));
        Assert.Equal(0.3, load.CacheUse!.Value, 9);
        Assert.Equal(0.25, load.CachedShare!.Value, 9);
        Assert.Equal(0.2, load.Of(WatchedLatency.TimeToFirstToken)!.MeanSeconds, 9);
        Assert.Equal(0.02, load.Of(WatchedLatency.InterTokenLatency)!.MeanSeconds, 9);
    }

    [Fact]
    public void Of_TGI_no_time_per_token_is_taken_for_what_it_is_not()
    {
        ObservedLoad load = Window(null, (0, Pages.Tgi(8)), (16, Pages.Tgi(24))).Observe();
        Assert.Equal(("TGI", 16, 64, 16), (load.Program.Program, load.Requests, load.InputTokens, load.OutputTokens));
        Assert.Equal([WatchedLatency.EndToEnd, WatchedLatency.Queue], load.Latencies.Select(l => l.Latency));
    }

    // 10 requests of 40 tokens: 39 gaps each in 7.8 s of slots' time.
    [Fact]
    public void Of_llama_cpp_requests_follow_from_the_length_of_answers()
    {
        (double, string)[] pages = [(0, Pages.LlamaCpp(5000, 50, 100, 9)), (20, Pages.LlamaCpp(6000, 52, 500, 16.8))];
        ObservedLoad unknown = Window(null, pages).Observe();
        Assert.Null(unknown.RequestsPerSecond);
        Assert.Empty(unknown.Latencies);

        ObservedLoad load = Window(40, pages).Observe();
        Assert.Equal((10, 0.5, 100, 40), (load.Requests, load.RequestsPerSecond, load.InputTokens, load.OutputTokens));
        Assert.Equal(0.02, load.Of(WatchedLatency.TimePerOutputToken)!.MeanSeconds, 9);
        Assert.Equal(0.2, load.Of(WatchedLatency.Prefill)!.MeanSeconds, 9);
    }

    [Fact]
    public void Only_the_model_that_is_asked_for_is_read()
    {
        string page = Pages.Vllm(7) + Pages.Vllm(5).Replace("meta/llama", "other", StringComparison.Ordinal);
        Assert.Equal(12, Scrape.Read(page, default, null, "test").Requests);
        Assert.Equal(5, Scrape.Read(page, default, "other", "test").Requests);
        InferometerException error = Assert.Throws<InferometerException>(() => Scrape.Read(page, default, "third", "test"));
        Assert.Contains("meta/llama, other", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("go_goroutines 12\n", "none of its metrics is known")]
    public void A_page_of_nothing_known_is_refused(string page, string words)
    {
        InferometerException error = Assert.Throws<InferometerException>(() => Scrape.Read(page, default, null, "http://x/metrics"));
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
        Assert.Contains("llama.cpp's server", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_file_of_names_has_its_source_and_knows_its_figures()
    {
        Assert.Equal(["SGLang", "TGI", "inferometer serve", "llama.cpp's server", "vLLM"],
            WatchedPrograms.All.Select(p => p.Program).Order(StringComparer.Ordinal));
        Assert.All(WatchedPrograms.All, p => Assert.True(p.Source.Length > 40 && p.Version.Length > 0));
        using var wrong = JsonDocument.Parse(
            """{"program":"x","framework":"x","version":"1","source":"s","mark":"x","time_to_frist_token":["x"]}""");
        InferometerException error = Assert.Throws<InferometerException>(() => WatchedPrograms.Parse(wrong.RootElement, "mine.json"));
        Assert.Contains("time_to_first_token", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Lengths_that_are_drawn_have_the_observed_mean()
    {
        HistogramReading seen = new(4000, 10, [new(100, 6), new(1000, 9), new(double.PositiveInfinity, 10)]);
        LengthDistribution drawn = WatchedDeployment.Lengths(seen, 400, 1);
        Assert.InRange(drawn.Mean, 390, 410);
        Assert.True(drawn.Largest > 3 * drawn.Smallest, "they are spread as the buckets are");
        Assert.Equal(300, WatchedDeployment.Lengths(null, 400, 0.75).Mean);
        Assert.Equal(1, WatchedDeployment.Lengths(null, 0.2, 1).Mean);
    }

    private static LoadWindow Window(double? outputTokens, params (double Seconds, string Page)[] pages)
    {
        LoadWindow window = new(TimeSpan.FromMinutes(1), outputTokens);
        foreach ((double seconds, string page) in pages)
        {
            window.Add(Read(seconds, page));
        }

        return window;
    }

    private static Scrape Read(double seconds, string page) => Scrape.Read(page, TimeSpan.FromSeconds(seconds), null, "test");

    // The same counters after more requests with other latencies, three of them running and two waiting.
    private static string More(string before, int requests, double firstToken, double perToken)
    {
        Scrape old = Read(0, before);
        int all = (int)old.Requests! + requests;
        double first = (old.TimeToFirstToken!.Sum + (requests * firstToken)) / all;
        double token = (old.TimePerOutputToken!.Sum + (requests * perToken)) / all;
        return Pages.Vllm(all, first, token, 3, 2);
    }
}
