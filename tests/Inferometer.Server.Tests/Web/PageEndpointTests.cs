using System.Net;
using System.Net.Http.Headers;
using Inferometer.Server.Hosting;
using Inferometer.Server.Web;

namespace Inferometer.Server.Tests.Web;

/// <summary>The page as it is sent: compressed, kept by its tag, and with a policy that lets in nothing from elsewhere.</summary>
[Collection(EngineTests.Name)]
public sealed class PageEndpointTests(EngineFixture fixture)
{
    [Fact]
    public async Task It_is_given_without_a_key_and_lets_nothing_in()
    {
        RequirePage();
        ServerOptions options = new() { ApiKeys = ["a-key-of-some-length"] };
        await using TestServer server = await TestServer.StartAsync(fixture.Model, options);
        using HttpResponseMessage response = await GetAsync(server, "/", "br");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("text/html", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(["br"], response.Content.Headers.ContentEncoding);
        string policy = Assert.Single(response.Headers.GetValues("Content-Security-Policy"));
        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Unauthorized, (await server.GetAsync("/api/v1/models")).Status);
    }

    [Theory]
    [InlineData("br, gzip", "br")]
    [InlineData("gzip, deflate", "gzip")]
    [InlineData("", null)]
    public async Task Each_encoding_holds_the_same(string accepted, string? expected)
    {
        RequirePage();
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        foreach (PageFile file in PageFiles.All.Values)
        {
            using HttpResponseMessage response = await GetAsync(server, PathOf(file), accepted);
            byte[] bytes = await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
            Assert.Equal(expected, response.Content.Headers.ContentEncoding.SingleOrDefault());
            Assert.Equal(file.For("").Bytes, Unpacked(bytes, expected));
        }
    }

    [Fact]
    public async Task What_has_not_changed_is_not_sent_again()
    {
        RequirePage();
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        using HttpResponseMessage first = await GetAsync(server, "/", "br");
        Assert.True(first.Headers.CacheControl!.NoCache);
        using HttpResponseMessage again = await GetAsync(server, "/", "br", first.Headers.ETag);
        Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
        Assert.Empty(await again.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        PageFile script = PageFiles.All.Values.First(f => f.Name.EndsWith(".js", StringComparison.Ordinal));
        using HttpResponseMessage kept = await GetAsync(server, PathOf(script), "br");
        Assert.Contains("immutable", kept.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_first_load_is_small()
    {
        RequirePage();
        Assert.InRange(PageFiles.All.Values.Sum(file => file.For("gzip").Bytes.Length), 1, 300_000);
    }

    private static void RequirePage() =>
        Assert.SkipUnless(PageFiles.All.Count > 0, "the web page was left out of this build, because Node.js was missing");

    private static string PathOf(PageFile file) => file.Name is "index.html" ? "/" : "/" + file.Name;

    private static byte[] Unpacked(byte[] bytes, string? encoding)
    {
        using MemoryStream packed = new(bytes);
        using MemoryStream plain = new();
        using Stream stream = encoding switch
        {
            "br" => new System.IO.Compression.BrotliStream(packed, System.IO.Compression.CompressionMode.Decompress),
            "gzip" => new System.IO.Compression.GZipStream(packed, System.IO.Compression.CompressionMode.Decompress),
            _ => packed,
        };
        stream.CopyTo(plain);
        return plain.ToArray();
    }

    private static async Task<HttpResponseMessage> GetAsync(
        TestServer server, string path, string encodings, EntityTagHeaderValue? known = null)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation("Accept-Encoding", encodings.Length == 0 ? "identity" : encodings);
        if (known is not null)
        {
            request.Headers.IfNoneMatch.Add(known);
        }

        return await server.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
