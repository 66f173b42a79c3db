using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text.Json;
using Inferometer.Core;
using Inferometer.Scheduling;
using Inferometer.Serving;

namespace Inferometer.Measurement.Load;

/// <summary>An OpenAI-compatible service, asked over HTTP with streaming answers.</summary>
public sealed class OpenAiTarget : ILoadTarget, IDisposable
{
    private const int LongestErrorText = 300;
    private static readonly string[] EndpointPaths = ["/chat/completions", "/completions", "/models"];

    private readonly OpenAiTargetOptions _options;
    private readonly HttpClient _client;
    private readonly Uri _base;
    private string _model = "";
    private SyntheticText _text = new(0, 1, 0);

    /// <summary>Makes a target; nothing is asked before <see cref="PrepareAsync"/>.</summary>
    /// <exception cref="InferometerException">The address is not one of HTTP.</exception>
    public OpenAiTarget(OpenAiTargetOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        if (!options.Address.IsAbsoluteUri || options.Address.Scheme is not ("http" or "https"))
        {
            throw new InferometerException($"'{options.Address}' is not an address of a service; an example is http://localhost:8000.");
        }

        string path = options.Address.AbsolutePath.TrimEnd('/');

        // The address of an endpoint is what clients are often given.
        path = EndpointPaths.Where(e => path.EndsWith(e, StringComparison.Ordinal)).Select(e => path[..^e.Length])
            .FirstOrDefault(path);
        path = path.EndsWith("/v1", StringComparison.Ordinal) ? path : path + "/v1";
        _base = new UriBuilder(options.Address) { Path = path + "/", Query = "", Fragment = "" }.Uri;

        // As many connections as requests are under way; a proxy of the environment would be measured with the service.
        SocketsHttpHandler handler = new() { UseProxy = false, PooledConnectionIdleTimeout = TimeSpan.FromMinutes(5) };
        _client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        if (options.ApiKey is { } key)
        {
            _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }
    }

    /// <inheritdoc/>
    public string Name => _base.GetLeftPart(UriPartial.Authority);

    /// <summary>Name of the model asked, known after <see cref="PrepareAsync"/>.</summary>
    public string Model => _model;

    /// <summary>Names of the models that the service listed; empty before it was asked, and where the options name one.</summary>
    public IReadOnlyList<string> Listed { get; private set; } = [];

    /// <inheritdoc/>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        _model = _options.Model ?? await FirstModelAsync(cancellationToken).ConfigureAwait(false);

        // How the service counts words, from two prompts: its tokens are a fixed number and so many a word.
        const int Few = 40, Many = 240;
        int few = await CountAsync(SyntheticText.OfWords(Few, 1), cancellationToken).ConfigureAwait(false);
        int many = await CountAsync(SyntheticText.OfWords(Many, 2), cancellationToken).ConfigureAwait(false);
        double each = (double)(many - few) / (Many - Few);
        if (!(each > 0))
        {
            throw new InferometerException(
                $"{Name}: it counts {few} tokens in a prompt of {Few} words and {many} in one of {Many}; "
                    + "prompts of a length cannot be made.");
        }

        _text = new SyntheticText(Math.Max(0, few - (each * Few)), each, (ulong)Random.Shared.NextInt64());
    }

    /// <inheritdoc/>
    public async Task<LoadAnswer> AskAsync(LoadQuestion question, LoadClock clock, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(question);
        ArgumentNullException.ThrowIfNull(clock);
        List<double> times = new(question.Arrival.OutputTokens);
        try
        {
            int tokens = Math.Max(1, question.Arrival.OutputTokens);
            using HttpResponseMessage response = await SendAsync(_text.PromptOf(question), tokens, cancellationToken).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
            {
                return Failed(clock, times, await RefusalAsync(response, cancellationToken).ConfigureAwait(false));
            }

            using Stream stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            return await ReadAsync(stream, clock, times, tokens, cancellationToken).ConfigureAwait(false);
        }
        catch (HttpRequestException error)
        {
            return Failed(clock, times, $"the connection failed: {CauseOf(error)}");
        }
        catch (IOException)
        {
            return Failed(clock, times, "the connection broke: the service closed it in the middle of the answer");
        }
        catch (JsonException)
        {
            return Failed(clock, times, "a part of the stream is not JSON as the interface has it");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    /// <summary>Tokens that came in as many pieces as <paramref name="times"/>, spread evenly where a piece stands for several.</summary>
    internal static TokenDelivery[] Deliveries(IReadOnlyList<double> times, int tokens)
    {
        int pieces = times.Count;
        long all = Math.Max(tokens, pieces);
        return
        [
            .. times.Select((t, i) => new TokenDelivery(t, (int)((all * (i + 1) / pieces) - (all * i / pieces)))),
        ];
    }

    // A server closes connections that it kept open when it likes, also while the next request is on its way: clients then ask once more,
    // and so does this one. What that takes is part of the latency.
    private async Task<HttpResponseMessage> SendAsync(string prompt, int tokens, CancellationToken cancellationToken)
    {
        for (bool isRepeated = false; ; isRepeated = true)
        {
            using HttpRequestMessage request = RequestOf(prompt, tokens, stream: true);
            try
            {
                return await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
            }
            catch (HttpRequestException error) when (!isRepeated && IsHangingUp(error))
            {
                // Nothing of an answer has come.
            }
        }
    }

    private async Task<LoadAnswer> ReadAsync(
        Stream stream, LoadClock clock, List<double> times, int asked, CancellationToken cancellationToken)
    {
        OpenAiMessages.Usage? usage = null;
        string? finish = null;
        bool isDone = false;
        await foreach (SseItem<OpenAiMessages.Chunk?> item in SseParser.Create(stream, Parse).EnumerateAsync(cancellationToken)
            .ConfigureAwait(false))
        {
            double now = clock.Seconds;
            if (item.Data is not { } chunk)
            {
                isDone = true;
                break;
            }

            if (ErrorIn(chunk) is { } error)
            {
                return Failed(clock, times, $"the stream ended in an error: {Short(error)}");
            }

            usage = chunk.Usage ?? usage;
            if (chunk.Choices is [{ } choice, ..])
            {
                finish = choice.FinishReason is { Length: > 0 } reason ? reason : finish;
                if (choice is { Text.Length: > 0 } or { Delta.Content.Length: > 0 } or { Delta.ReasoningContent.Length: > 0 }
                    or { Delta.Reasoning.Length: > 0 })
                {
                    times.Add(now);
                }
            }
        }

        // vLLM and SGLang end what they call off (shutdown, pause, a failed transfer) like a whole answer but for this word.
        if (finish is "abort" or "error" or "cancelled" or "timeout")
        {
            return Failed(clock, times, $"the service called the answer off (finish_reason '{finish}')");
        }

        if (finish is null && (!isDone || times.Count == 0))
        {
            return Failed(clock, times, "the stream ended before the answer did");
        }

        if (_options.IgnoreEos && times.Count == 0 && usage is not { CompletionTokens: > 0 })
        {
            return Failed(
                clock, times, string.Create(CultureInfo.InvariantCulture, $"the answer has no token, where {asked:#,0} were asked for"));
        }

        return new LoadAnswer
        {
            EndSeconds = clock.Seconds,
            FinishReason = finish is "length" ? FinishReason.Length : FinishReason.Stop,
            PromptTokens = usage?.PromptTokens ?? 0,
            CachedTokens = usage?.PromptDetails?.CachedTokens ?? 0,
            Deliveries = Deliveries(times, usage?.CompletionTokens ?? times.Count),
            HasUsage = usage is not null,
            MissingTokens = _options.IgnoreEos && usage is { } said ? Math.Max(0, asked - Math.Max(said.CompletionTokens, times.Count)) : 0,
        };
    }

    private static OpenAiMessages.Chunk? Parse(string eventType, ReadOnlySpan<byte> data) =>
        data.SequenceEqual("[DONE]"u8) ? null : JsonSerializer.Deserialize(data, OpenAiJson.Default.Chunk) ?? new();

    private HttpRequestMessage RequestOf(string prompt, int tokens, bool stream)
    {
        OpenAiMessages.Request body = new()
        {
            Model = _model,
            Prompt = _options.Chat ? null : prompt,
            Messages = _options.Chat ? [new() { Role = "user", Content = prompt }] : null,
            MaxTokens = tokens,
            Stream = stream,
            StreamOptions = stream ? new() : null,
            IgnoreEos = _options.IgnoreEos ? true : null,
        };
        return new HttpRequestMessage(HttpMethod.Post, new Uri(_base, _options.Chat ? "chat/completions" : "completions"))
        {
            Content = BodyOf(body),
        };
    }

    // With its length in front, as the clients of OpenAI send it: simple servers and proxies take a body in chunks for none.
    private static ByteArrayContent BodyOf(OpenAiMessages.Request body)
    {
        ByteArrayContent content = new(JsonSerializer.SerializeToUtf8Bytes(body, OpenAiJson.Default.Request));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }

    private async Task<string> FirstModelAsync(CancellationToken cancellationToken)
    {
        OpenAiMessages.ModelList? list = await GetAsync(
            () => new HttpRequestMessage(HttpMethod.Get, new Uri(_base, "models")), "models", OpenAiJson.Default.ModelList,
            cancellationToken).ConfigureAwait(false);
        Listed = [.. list?.Data?.Select(m => m.Id).OfType<string>().Where(id => id.Length > 0) ?? []];
        return Listed.Count > 0 ? Listed[0]
            : throw new InferometerException($"{Name}: it lists no model; say which one is to be asked (--served-model-name).");
    }

    private async Task<int> CountAsync(string prompt, CancellationToken cancellationToken)
    {
        OpenAiMessages.Chunk? answer = await GetAsync(
            () => RequestOf(prompt, 1, stream: false), _options.Chat ? "chat/completions" : "completions", OpenAiJson.Default.Chunk,
            cancellationToken).ConfigureAwait(false);
        return answer?.Usage is { PromptTokens: > 0 } usage
            ? usage.PromptTokens
            : throw new InferometerException(
                $"{Name}: its answers do not say how many tokens a prompt had (usage.prompt_tokens); lengths cannot be measured.");
    }

    private async Task<T?> GetAsync<T>(
        Func<HttpRequestMessage> make, string what, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type,
        CancellationToken cancellationToken)
    {
        try
        {
            using HttpRequestMessage request = make();
            using HttpResponseMessage response = await _client.SendAsync(request, cancellationToken).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
            {
                throw new InferometerException(
                    $"{Name}: {what}: {await RefusalAsync(response, cancellationToken).ConfigureAwait(false)}");
            }

            return await response.Content.ReadFromJsonAsync(type, cancellationToken).ConfigureAwait(false);
        }
        catch (HttpRequestException error)
        {
            throw new InferometerException($"{Name}: the connection failed: {CauseOf(error)}", error);
        }
        catch (Exception error) when (error is JsonException or IOException)
        {
            throw new InferometerException($"{Name}: {what}: the answer is not JSON as the interface has it.", error);
        }
    }

    private static async Task<string> RefusalAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        string body = await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
        string text = body;
        try
        {
            using JsonDocument document = JsonDocument.Parse(body);
            if (document.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty("error", out JsonElement error))
            {
                text = TextOf(error);
            }
        }
        catch (JsonException)
        {
            // A body in another form is shown as it is.
        }

        text = Short(text);
        return $"HTTP {(int)response.StatusCode}{(text.Length > 0 ? $": {text}" : "")}";
    }

    private static bool IsHangingUp(HttpRequestException error) =>
        error.HttpRequestError is HttpRequestError.ResponseEnded || error.InnerException is IOException;

    private static string CauseOf(HttpRequestException error) =>
        IsHangingUp(error) ? "the service closed it before it answered" : error.Message;

    private static string Short(string text)
    {
        text = text.ReplaceLineEndings(" ").Trim();
        return text.Length > LongestErrorText ? text[..LongestErrorText] + "..." : text;
    }

    private static string? ErrorIn(OpenAiMessages.Chunk chunk) =>
        chunk.Error is { ValueKind: not (JsonValueKind.Null or JsonValueKind.Undefined) } error ? TextOf(error)
            : chunk.Object is "error" ? chunk.Message?.ToString() ?? "of which nothing is said"
            : null;

    private static string TextOf(JsonElement error) =>
        error.ValueKind is JsonValueKind.Object && error.TryGetProperty("message", out JsonElement message) ? message.ToString()
            : error.ToString();

    private static LoadAnswer Failed(LoadClock clock, List<double> times, string error) => new()
    {
        EndSeconds = clock.Seconds,
        FinishReason = FinishReason.Error,
        Deliveries = times.Count == 0 ? [] : Deliveries(times, times.Count),
        Error = error,
    };
}
