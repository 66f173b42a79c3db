using System.Text.Json;
using Inferometer.Server.Generation;
using Inferometer.Server.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Inferometer.Server.OpenAi;

/// <summary><c>/v1/chat/completions</c> and <c>/v1/completions</c>.</summary>
internal sealed class CompletionEndpoints(ModelService service) : IEndpointGroup
{
    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v1/chat/completions", context => AnswerAsync(context, CompletionReader.ReadChat)).WithMetadata(ErrorStyle.OpenAi);
        routes.MapPost("/v1/completions", context => AnswerAsync(context, CompletionReader.ReadText)).WithMetadata(ErrorStyle.OpenAi);
    }

    /// <summary>Tells, where answers may be kept, whether this one was.</summary>
    public static void TellCache(HttpContext context, string? key, ChoiceStream stream)
    {
        if (key is not null)
        {
            context.Response.Headers["X-Response-Cache"] = stream.IsKept ? "hit" : "miss";
        }
    }

    private async Task AnswerAsync(HttpContext context, Func<JsonElement, ModelService, CompletionRequest> read)
    {
        CompletionRequest request;
        string? key;
        using (JsonDocument body = await RequestReader.ReadAsync(context).ConfigureAwait(false))
        {
            request = read(body.RootElement, service);
            key = service.KeyOf(request.Format.Operation, body.RootElement);
        }

        CompletionAnswer answer = new(request, service);
        string field = request.Plan is null ? "prompt" : "messages";
        ChoiceStream stream = await service.StartAsync(
            request.Format.Operation, field, request.Answers, key, context.RequestAborted).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            TellCache(context, key, stream);
            if (!request.Streams)
            {
                await answer.CollectAsync(stream).ConfigureAwait(false);
                await JsonBody.WriteAsync(context, answer.WriteWhole).ConfigureAwait(false);
                return;
            }

            MessageStream output = await MessageStream.EventsAsync(context).ConfigureAwait(false);
            await using (output.ConfigureAwait(false))
            {
                await answer.SendAsync(stream, output).ConfigureAwait(false);
            }
        }
    }
}
