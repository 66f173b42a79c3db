using System.Text.Json;
using Inferometer.Server.Generation;
using Inferometer.Server.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Inferometer.Server.Ollama;

/// <summary>
/// The routes of Ollama's API that fetch and keep models. This server has the one it was started with: to pull that one succeeds at once,
/// and everything else is refused with the command that serves another model.
/// </summary>
internal sealed class OllamaLibraryEndpoints(ModelService service) : IEndpointGroup
{
    private const string HowToLoad =
        "another model is served by starting a server with it: 'inferometer serve PATH' (a GGUF file or a folder).";

    private static readonly (string Method, string Path, string Why)[] s_refused =
    [
        ("POST", "/api/push", "models are not sent anywhere."),
        ("POST", "/api/create", "models are not made here; " + HowToLoad),
        ("POST", "/api/copy", "models have the names they were given at the start (--served-model-name NAME, once for each)."),
        ("DELETE", "/api/delete", "no files are deleted; the model is let go of when the server stops."),
        ("POST", "/api/blobs/{digest}", "no files are taken; " + HowToLoad),
        ("HEAD", "/api/blobs/{digest}", "no files are taken; " + HowToLoad),
    ];

    /// <summary>The routes that are refused whatever is asked, which no document describes: method and path.</summary>
    public static IEnumerable<string> Refused => s_refused.Select(route => $"{route.Method} {route.Path}");

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/pull", PullAsync).WithMetadata(ErrorStyle.Ollama);
        foreach ((string method, string path, string why) in s_refused)
        {
            routes.MapMethods(path, [method], Refusing(why)).WithMetadata(ErrorStyle.Ollama);
        }
    }

    private static RequestDelegate Refusing(string why) =>
        context => throw ApiException.Unsupported(context.Request.Path.Value!, why);

    private async Task PullAsync(HttpContext context)
    {
        bool streams;
        using (JsonDocument body = await RequestReader.ReadAsync(context).ConfigureAwait(false))
        {
            var fields = RequestFields.Of(body.RootElement);
            string name = fields.Text("model") ?? fields.Text("name") ?? throw fields.Wrong("model", "the name of a model");
            _ = fields.Text("name");
            streams = fields.Flag("stream") ?? true;
            fields.Ignore("insecure", "username", "password");
            fields.RequireNothingElse();
            if (!service.Model.GoesBy(name))
            {
                throw ApiException.UnknownModel(name, service.Model.Name, "; nothing is downloaded: " + HowToLoad);
            }
        }

        if (!streams)
        {
            await JsonBody.WriteAsync(context, WriteSuccess).ConfigureAwait(false);
            return;
        }

        MessageStream output = await MessageStream.LinesAsync(context).ConfigureAwait(false);
        await using (output.ConfigureAwait(false))
        {
            WriteSuccess(output.Start());
            output.End();
            await output.FlushAsync().ConfigureAwait(false);
        }
    }

    private static void WriteSuccess(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("status"u8, "success"u8);
        json.WriteEndObject();
    }
}
