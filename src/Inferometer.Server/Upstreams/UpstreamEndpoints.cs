using Inferometer.Server.Generation;
using Inferometer.Server.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Primitives;
using Yarp.ReverseProxy.Forwarder;

namespace Inferometer.Server.Upstreams;

/// <summary>
/// The APIs of a model, answered by the servers behind this one. As long as nothing was sent to the client another server is asked where
/// one fails or refuses; once an answer has begun it is that server's, and ends where it ends.
/// </summary>
/// <param name="pool">The servers.</param>
/// <param name="forwarder">Passes a request on.</param>
/// <param name="limits">How long it may take.</param>
/// <param name="isKeyed">Whether clients show a key of this server.</param>
internal sealed class UpstreamEndpoints(UpstreamPool pool, IHttpForwarder forwarder, ServerLimits limits, bool isKeyed) : IEndpointGroup
{
    private static readonly string[] s_paths =
        ["/v1/{**rest}", "/v2/rerank", "/rerank", "/score", "/tokenize", "/detokenize", "/tokenizer_info"];

    private static readonly string[] s_ollama = ["chat", "generate", "embed", "embeddings", "show", "tags", "ps"];

    private readonly ForwarderRequestConfig _config = new()
    {
        Version = System.Net.HttpVersion.Version11,
        VersionPolicy = HttpVersionPolicy.RequestVersionOrHigher,
        ActivityTimeout = limits.RequestTimeout ?? TimeSpan.FromDays(1),
    };

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes)
    {
        foreach (string path in s_paths)
        {
            routes.Map(path, ForwardAsync).WithMetadata(ErrorStyle.OpenAi);
        }

        foreach (string name in s_ollama)
        {
            routes.Map("/api/" + name, ForwardAsync).WithMetadata(ErrorStyle.Ollama);
        }
    }

    private async Task ForwardAsync(HttpContext context)
    {
        byte[] body = await ReadAsync(context.Request).ConfigureAwait(false);
        long tokens = RequestCost.Of(body);
        KeyValuePair<string, StringValues>[] headers = [.. context.Response.Headers];
        List<Upstream> asked = [];
        while (pool.Take(tokens, asked) is { } upstream)
        {
            asked.Add(upstream);
            if (asked.Count > 1)
            {
                pool.CountRetry();
            }

            if (await AskAsync(context, upstream, body, tokens, asked).ConfigureAwait(false))
            {
                return;
            }

            context.Response.Clear();
            foreach ((string name, StringValues value) in headers)
            {
                context.Response.Headers[name] = value;
            }
        }

        throw UpstreamPool.NoneAnswers();
    }

    // True where the request is done with: answered, broken off in the middle, or the client's own fault.
    private async Task<bool> AskAsync(HttpContext context, Upstream upstream, byte[] body, long tokens, List<Upstream> asked)
    {
        context.Request.Body = new MemoryStream(body, writable: false);
        UpstreamTransformer transformer = new(pool.Options.ApiKey, isKeyed, mayRetry: pool.HasOther(asked));
        ForwarderError error = ForwarderError.Request;
        try
        {
            error = await forwarder.SendAsync(context, upstream.Prefix, pool.Invoker, _config, transformer, context.RequestAborted)
                .ConfigureAwait(false);
        }
        finally
        {
            upstream.End(tokens, OutcomeOf(context, transformer, error));
        }

        return context.Response.HasStarted || (error == ForwarderError.None && !transformer.HeldBack)
            || context.RequestAborted.IsCancellationRequested;
    }

    private static UpstreamOutcome OutcomeOf(HttpContext context, UpstreamTransformer transformer, ForwarderError error) => error switch
    {
        ForwarderError.None => transformer.HeldBack ? UpstreamOutcome.Refused : UpstreamOutcome.Answered,
        ForwarderError.RequestCanceled or ForwarderError.RequestBodyCanceled or ForwarderError.ResponseBodyCanceled
            or ForwarderError.ResponseBodyClient or ForwarderError.RequestBodyClient => UpstreamOutcome.Left,
        _ => context.Response.HasStarted ? UpstreamOutcome.Broken : UpstreamOutcome.Failed,
    };

    // A request is held whole, so that it can be sent again; how long it may be is the server's limit for all bodies.
    private static async Task<byte[]> ReadAsync(HttpRequest request)
    {
        using MemoryStream all = new();
        await request.Body.CopyToAsync(all, request.HttpContext.RequestAborted).ConfigureAwait(false);
        return all.ToArray();
    }
}
