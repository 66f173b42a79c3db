using System.Net;
using System.Text.Json;
using Inferometer.Core.Catalog;
using Inferometer.History.Stores;
using Inferometer.ReferenceModels;
using Inferometer.Server.Hosting;
using Inferometer.Server.Ollama;
using Inferometer.Server.Simulator;
using Inferometer.Simulation.Planning;
using Inferometer.Tests;

namespace Inferometer.Server.Tests.Simulator;

/// <summary>What can be named and said is told by the server, from the declarations that the command line has.</summary>
[Collection(EngineTests.Name)]
public sealed class CatalogEndpointTests(EngineFixture fixture)
{
    [Fact]
    public async Task Models_machines_and_features_are_listed_and_shown()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        Assert.Equal(ModelCatalog.BuiltIn.Models.Count, (await server.GetAsync("/api/v1/models")).Succeeded().Json.GetArrayLength());
        Assert.Equal(HardwareCatalog.BuiltIn.Systems.Count, (await server.GetAsync("/api/v1/hardware")).Succeeded().Json.GetArrayLength());
        Assert.Equal("meta-llama/Llama-3.1-8B", Name(await server.GetAsync("/api/v1/models/llama-3.1-8b")));
        Assert.Equal("meta-llama/Llama-3.1-8B", Name(await server.GetAsync("/api/v1/models/meta-llama/Llama-3.1-8B")));
        Assert.Equal("H100_SXM", Name(await server.GetAsync("/api/v1/hardware/h100")));
        Assert.Equal("lora", Name(await server.GetAsync("/api/v1/features/lora")));

        static string? Name(Answer answer) => answer.Succeeded().Json.GetProperty("name").GetString();
    }

    [Theory]
    [InlineData("/api/v1/models/nothing")]
    [InlineData("/api/v1/models/..%2f..%2fappsettings.json")]
    [InlineData("/api/v1/hardware/nothing")]
    [InlineData("/api/v1/features/nothing")]
    [InlineData("/api/v1/nothing")]
    public async Task What_is_not_there_is_a_problem_of_its_own_kind(string path)
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        Answer answer = await server.GetAsync(path);
        Assert.Equal(HttpStatusCode.NotFound, answer.Status);
        Assert.Equal("not_found", answer.Json.GetProperty("code").GetString());
    }

    [Fact]
    public async Task Every_setting_is_told_with_its_help()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        JsonElement settings = (await server.GetAsync("/api/v1/settings")).Succeeded().Json;
        JsonElement[] estimate = [.. settings.GetProperty("estimate").EnumerateArray()];
        Assert.Equal(EstimateSettings.All.Select(s => s.Option), estimate.Select(s => "--" + s.GetProperty("name").GetString()));
        Assert.All(estimate, s => Assert.NotEmpty(s.GetProperty("description").GetString()!));
        JsonElement tp = estimate.Single(s => s.GetProperty("name").GetString() is "tp");
        Assert.Equal((1, 1), (tp.GetProperty("minimum").GetInt32(), tp.GetProperty("default").GetInt32()));
        JsonElement framework = estimate.Single(s => s.GetProperty("name").GetString() is "framework");
        Assert.Contains("vllm", framework.GetProperty("enum").EnumerateArray().Select(c => c.GetString()));
    }

    [Fact]
    public async Task Every_route_that_is_mapped_is_in_the_document_and_takes_the_fields_that_it_names()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        JsonElement document = (await server.GetAsync("/api/v1/openapi.json")).Succeeded().Json;
        HashSet<string> described = [];
        foreach (JsonProperty path in document.GetProperty("paths").EnumerateObject())
        {
            foreach (JsonProperty operation in path.Value.EnumerateObject().Where(o => o.Name is not "parameters"))
            {
                described.Add($"{operation.Name.ToUpperInvariant()} {path.Name}");
                if (operation.Name is "post" && !path.Name.StartsWith("/api/v1/", StringComparison.Ordinal) && path.Name is not "/mcp")
                {
                    await RequireFieldsAsync(server, document, path.Name, operation.Value);
                }
            }
        }

        string[] mapped =
        [
            .. server.Server.Routes.Select(route => route.Replace("{**", "{", StringComparison.Ordinal))
                .Select(route => route.EndsWith("mcp/", StringComparison.Ordinal) ? route.TrimEnd('/') : route)
                .Where(route => !IsOfPage(route) && route is not ("* /api/v1/{rest}")).Distinct(StringComparer.Ordinal)
                .Except(OllamaLibraryEndpoints.Refused, StringComparer.Ordinal),
        ];
        Assert.Contains("POST /v1/rerank", mapped);
        string[] undescribed = [.. mapped.Except(described, StringComparer.Ordinal)];
        Assert.True(undescribed.Length == 0, string.Join(", ", undescribed));

        // The routes of runs are mapped where a store is named.
        string[] unmapped =
        [
            .. described.Except(mapped, StringComparer.Ordinal)
                .Where(route => !route.Contains("/api/v1/runs", StringComparison.Ordinal)),
        ];
        Assert.True(unmapped.Length == 0, string.Join(", ", unmapped));

        static bool IsOfPage(string route) => route.Split(' ') is [_, var path]
            && (path is "/" || (path.Contains('.', StringComparison.Ordinal) && path is not "/api/v1/openapi.json"));
    }

    /// <summary>A field that a schema names is known to the route: what is wrong with a made-up value is told of the value.</summary>
    private static async Task RequireFieldsAsync(TestServer server, JsonElement document, string path, JsonElement operation)
    {
        string schema = operation.GetProperty("requestBody").GetProperty("content").GetProperty("application/json").GetProperty("schema")
            .GetProperty("$ref").GetString()!.Split('/')[^1];
        JsonElement fields = document.GetProperty("components").GetProperty("schemas").GetProperty(schema).GetProperty("properties");
        string[] names = [.. fields.EnumerateObject().Select(field => field.Name)];
        Assert.NotEmpty(names);
        string unheard = (await server.PostAsync(path, $$"""{{{Minimum(path)}},"unheard_of":1}""")).Text;
        Assert.Contains("unheard_of", unheard, StringComparison.Ordinal);
        foreach (string name in names)
        {
            Answer answer = await server.PostAsync(path, "{" + Minimum(path, name) + $",\"{name}\":" + """{"made":"up"}}""");
            Assert.DoesNotContain($"\"{name}: this field is not known here", answer.Text, StringComparison.Ordinal);
        }

        // The fewest fields with which all others are read.
        static string Minimum(string path, string without = "")
        {
            (string Name, string Value)[] all = path switch
            {
                "/v1/chat/completions" => [("messages", """[{"role":"user","content":"x"}]"""), ("max_tokens", "1")],
                "/api/chat" => [("messages", """[{"role":"user","content":"x"}]"""), ("options", """{"num_predict":1}""")],
                "/api/generate" => [("prompt", "\"x\""), ("options", """{"num_predict":1}""")],
                "/v1/responses" => [("input", "\"x\""), ("max_output_tokens", "1")],
                "/tokenize" when without is "messages" => [], // a text, or a conversation
                "/v1/completions" or "/tokenize" => [("prompt", "\"x\"")],
                "/v1/embeddings" or "/api/embed" => [("input", "\"x\"")],
                "/v1/score" or "/score" => [("text_1", "\"x\""), ("text_2", "\"y\"")],
                "/detokenize" => [("tokens", "[300]")],
                "/api/embeddings" => [("prompt", "\"x\"")],
                "/api/show" or "/api/pull" => [("model", $"\"{EngineFixture.ModelName}\"")],
                _ => [("query", "\"x\""), ("documents", "[\"y\"]")],
            };
            all =
            [
                .. all.Where(field => !string.Equals(field.Name, without, StringComparison.Ordinal)),
            ];
            return all.Length == 0 ? "\"user\":null" : string.Join(',', all.Select(field => $"\"{field.Name}\":{field.Value}"));
        }
    }

    [Fact]
    public async Task The_document_describes_every_route_and_all_it_refers_to_is_there()
    {
        using TemporaryFolder folder = new();
        using IRunStore store = RunStores.Open(StoreLocation.OfFile(folder.File("runs.db")));
        await using TestServer server = await TestServer.StartAsync(fixture.Model, new ServerOptions { Runs = store });
        string text = (await server.GetAsync("/api/v1/openapi.json")).Succeeded().Text;
        var document = JsonElement.Parse(text);
        JsonElement schemas = document.GetProperty("components").GetProperty("schemas");
        foreach (string part in text.Split("\"#/components/schemas/")[1..])
        {
            Assert.True(schemas.TryGetProperty(part[..part.IndexOf('"', StringComparison.Ordinal)], out _));
        }

        foreach (JsonProperty path in document.GetProperty("paths").EnumerateObject()
            .Where(path => path.Name.StartsWith("/api/v1/", StringComparison.Ordinal))
            .Where(path => !path.Name.Contains("{name}", StringComparison.Ordinal)))
        {
            string url = path.Name.Replace("{id}", "none", StringComparison.Ordinal).Replace("{other}", "none", StringComparison.Ordinal);
            foreach (JsonProperty operation in path.Value.EnumerateObject().Where(o => o.Name is not "parameters"))
            {
                HttpMethod method = new(operation.Name.ToUpperInvariant());
                Answer answer = await server.SendAsync(method, url, method == HttpMethod.Post ? "{}" : null);
                bool isKnown = answer.Status is HttpStatusCode.OK or HttpStatusCode.BadRequest
                    || answer.Text.Contains("unknown_job", StringComparison.Ordinal)
                    || answer.Text.Contains("There is no run 'none'", StringComparison.Ordinal);
                Assert.True(isKnown, $"{operation.Name} {url}: {answer.Text}");
            }
        }
    }

    // The options of simulate are declared in the room of the command line, which this one does not know; the guide lists them as they are.
    [Fact]
    public async Task A_service_is_described_as_the_options_of_simulate_describe_it()
    {
        string[] lines = await File.ReadAllLinesAsync(
            Path.Combine(SharedFolder.RepositoryRoot, "docs", "commands.md"), TestContext.Current.CancellationToken);
        Dictionary<string, string[]> options = lines.SkipWhile(l => !l.StartsWith("<!-- options of simulate", StringComparison.Ordinal))
            .TakeWhile(l => !l.StartsWith("<!-- end", StringComparison.Ordinal))
            .Where(l => l.StartsWith("| `--", StringComparison.Ordinal))
            .Select(l => l.Replace("\\|", "/", StringComparison.Ordinal).Split('|', StringSplitOptions.TrimEntries))
            .ToDictionary(c => c[1].Split('`')[1][2..], StringComparer.Ordinal);
        foreach (ServiceSetting setting in ServiceSettings.All)
        {
            Assert.True(options.TryGetValue(setting.Name, out string[]? cells), setting.Name);
            Assert.Equal(setting.Value.Replace('|', '/'), cells[2].Trim('`'));
            if (setting.Default is { } text)
            {
                Assert.Equal(text, cells[5]);
            }

            string least = (setting.IsAbove ? "above " : "") + setting.Least.ToString(System.Globalization.CultureInfo.InvariantCulture);
            bool isSame = !setting.IsNumber || cells[4].Length == 0 || cells[4].StartsWith(least + " ", StringComparison.Ordinal);
            Assert.True(isSame, setting.Name);
        }

        string[] elsewhere =
        [
            "trace", "dataset", "tokenizer", "timeline", "format", "on", "attention-dp", "allow-uneven", "no-flash-attention", "features",
            "param", "catalog", "no-record", "store", "name", "tag",
        ];
        IEnumerable<string> here = ServiceSettings.All.Select(s => s.Name);
        Assert.Empty(options.Keys.Except(here, StringComparer.Ordinal).Except(elsewhere, StringComparer.Ordinal));
    }
}
