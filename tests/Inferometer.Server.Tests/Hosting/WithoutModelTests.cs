using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Inferometer.Core;
using Inferometer.Server.Hosting;

namespace Inferometer.Server.Tests.Hosting;

/// <summary>The simulator and the page alone, and over encrypted connections.</summary>
public sealed class WithoutModelTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("inferometer").FullName;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task The_simulator_answers_and_a_models_routes_say_how_to_serve_one()
    {
        await using TestServer server = await TestServer.StartAsync(model: null);
        (await server.PostAsync("/api/v1/estimate", """{"model":"llama-3.1-8b","on":"h100"}""")).Succeeded();
        Assert.Equal(0, (await server.GetAsync("/v1/models")).Succeeded().Json.GetProperty("data").GetArrayLength());
        Assert.Equal(0, (await server.GetAsync("/api/tags")).Succeeded().Json.GetProperty("models").GetArrayLength());
        Answer refused = await server.PostAsync("/v1/chat/completions", "{}");
        Assert.Equal(HttpStatusCode.NotFound, refused.Status);
        Assert.Equal("no_model", refused.Error.GetProperty("code").GetString());
        Assert.Contains("--demo", refused.Error.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await server.PostAsync("/api/chat", "{}")).Status);
        (await server.GetAsync("/health")).Succeeded();
        (await server.GetAsync("/ready")).Succeeded();
        string metrics = (await server.GetAsync("/metrics")).Succeeded().Text;
        Assert.Contains("inferometer_http_responses_total{route=\"/api/v1/estimate\",code=\"200\"} 1", metrics, StringComparison.Ordinal);
        Assert.DoesNotContain("vllm:", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_of_models_and_machines_of_ones_own_is_known()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "models"));
        string own = Path.Combine(_folder, "models", "mine.json");
        await File.WriteAllTextAsync(
            own,
            """
            {"name":"mine/own-1b","source":"made up for this test","config":{"model_type":"llama","hidden_size":2048,"num_hidden_layers":16,"num_attention_heads":32,
            "num_key_value_heads":8,"intermediate_size":8192,"vocab_size":32000,"max_position_embeddings":4096}}
            """, Cancelled);
        ServerOptions options = new() { Catalogs = Simulation.Planning.Catalogs.From(_folder) };
        await using TestServer server = await TestServer.StartAsync(model: null, options);
        (await server.PostAsync("/api/v1/estimate", """{"model":"mine/own-1b","on":"h100"}""")).Succeeded();
        (await server.GetAsync("/api/v1/models/mine/own-1b")).Succeeded();
    }

    [Fact]
    public async Task Connections_are_encrypted_with_the_certificate_given()
    {
        (string certificateFile, string keyFile) = await WriteCertificateAsync();
        using ServerCertificate certificate = ServerCertificate.Load(certificateFile, keyFile);
        await using TestServer server = await TestServer.StartAsync(model: null, new ServerOptions { Certificate = certificate });
        Assert.Equal("https", server.Client.BaseAddress!.Scheme);
        using X509Certificate2 trusted = X509CertificateLoader.LoadCertificateFromFile(certificateFile);
        string? shown = null;
        SocketsHttpHandler handler = new()
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (_, given, _, _) =>
                {
                    shown = given?.GetCertHashString(HashAlgorithmName.SHA256);
                    return true;
                },
            },
        };
        using HttpClient client = new(handler) { BaseAddress = server.Client.BaseAddress };
        Assert.Contains("ok", await client.GetStringAsync("/health", Cancelled), StringComparison.Ordinal);
        Assert.Equal(trusted.GetCertHashString(HashAlgorithmName.SHA256), shown);
        using HttpClient careful = new() { BaseAddress = server.Client.BaseAddress };
        await Assert.ThrowsAsync<HttpRequestException>(() => careful.GetAsync("/health", Cancelled));
    }

    [Fact]
    public async Task A_key_that_belongs_to_another_certificate_is_refused()
    {
        (string certificateFile, _) = await WriteCertificateAsync();
        using ECDsa other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        string keyFile = Path.Combine(_folder, "other.pem");
        await File.WriteAllTextAsync(keyFile, other.ExportPkcs8PrivateKeyPem(), Cancelled);
        InferometerException error = Assert.Throws<InferometerException>(() => ServerCertificate.Load(certificateFile, keyFile));
        Assert.Contains(certificateFile, error.Message, StringComparison.Ordinal);
        Assert.Throws<InferometerException>(() => ServerCertificate.Load(certificateFile, keyFile: null));
    }

    private async Task<(string Certificate, string Key)> WriteCertificateAsync()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=localhost", key, HashAlgorithmName.SHA256);
        using X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        (string file, string keyFile) = (Path.Combine(_folder, "cert.pem"), Path.Combine(_folder, "key.pem"));
        await File.WriteAllTextAsync(file, certificate.ExportCertificatePem(), Cancelled);
        await File.WriteAllTextAsync(keyFile, key.ExportPkcs8PrivateKeyPem(), Cancelled);
        return (file, keyFile);
    }
}
