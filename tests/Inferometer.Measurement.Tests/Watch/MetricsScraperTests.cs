using System.Net;
using Inferometer.Core;
using Inferometer.Measurement.Watch;

namespace Inferometer.Measurement.Tests.Watch;

/// <summary>Pages read from a server over HTTP, and what is said where there is none.</summary>
public sealed class MetricsScraperTests
{
    [Fact]
    public async Task The_page_is_found_beside_the_api_and_the_key_is_shown()
    {
        await using PageServer server = new(request => request.Headers["Authorization"] is "Bearer secret-of-the-test"
            ? (200, request.Url!.AbsolutePath)
            : (401, ""));
        foreach (string suffix in (string[])["", "/", "/v1", "/v1/", "/metrics"])
        {
            using MetricsScraper scraper = new(new Uri(server.Address, suffix), TimeSpan.FromSeconds(10), "secret-of-the-test");
            Assert.Equal("/metrics", await scraper.ReadAsync(TestContext.Current.CancellationToken));
        }

        using MetricsScraper keyless = new(server.Address, TimeSpan.FromSeconds(10));
        Assert.Contains("OPENAI_API_KEY", await ErrorAsync(keyless), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(404, "--enable-metrics")]
    [InlineData(501, "--metrics")]
    [InlineData(503, "503")]
    public async Task A_refusal_is_said(int status, string words)
    {
        await using PageServer server = new(_ => (status, "no"));
        using MetricsScraper scraper = new(server.Address, TimeSpan.FromSeconds(10));
        Assert.Contains(words, await ErrorAsync(scraper), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_there_and_no_answer_are_told_apart()
    {
        Uri gone;
        using ManualResetEventSlim given = new(); // no answer before the scraper gave up, however slow the machine is
        await using (PageServer server = new(_ =>
        {
            given.Wait(TimeSpan.FromSeconds(60));
            return (200, "");
        }))
        {
            gone = server.Address;
            using MetricsScraper slow = new(gone, TimeSpan.FromMilliseconds(30));
            string error = await ErrorAsync(slow);
            given.Set();
            Assert.Contains("no answer within 0.03 s", error, StringComparison.Ordinal);
        }

        using MetricsScraper scraper = new(gone, TimeSpan.FromSeconds(10));
        Assert.Contains(gone.Authority, await ErrorAsync(scraper), StringComparison.Ordinal);
    }

    private static async Task<string> ErrorAsync(MetricsScraper scraper) =>
        (await Assert.ThrowsAsync<InferometerException>(() => scraper.ReadAsync(TestContext.Current.CancellationToken))).Message;

    /// <summary>A server of one page.</summary>
    private sealed class PageServer : IAsyncDisposable
    {
        private readonly HttpListener _listener = new();
        private readonly Task _serving;

        public PageServer(Func<HttpListenerRequest, (int Status, string Body)> answer)
        {
            using System.Net.Sockets.TcpListener free = new(IPAddress.Loopback, 0);
            free.Start();
            Address = new Uri($"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}/");
            free.Stop();
            _listener.Prefixes.Add(Address.AbsoluteUri);
            _listener.Start();
            _serving = Task.Run(() => ServeAsync(answer));
        }

        public Uri Address { get; }

        public async ValueTask DisposeAsync()
        {
            _listener.Close();
            await _serving;
        }

        private async Task ServeAsync(Func<HttpListenerRequest, (int Status, string Body)> answer)
        {
            try
            {
                while (true)
                {
                    HttpListenerContext context = await _listener.GetContextAsync();
                    (int status, string body) = answer(context.Request);
                    context.Response.StatusCode = status;
                    context.Response.Close(System.Text.Encoding.UTF8.GetBytes(body), willBlock: true);
                }
            }
            catch (Exception error) when (error is HttpListenerException or ObjectDisposedException or InvalidOperationException)
            {
                // It was closed, or a client left.
            }
        }
    }
}
