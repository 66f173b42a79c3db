using System.Text.Json;
using Inferometer.Server.Generation;
using Inferometer.Server.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Inferometer.Server.OpenAi;

/// <summary><c>/v1/responses</c>, of texts; nothing is stored.</summary>
internal sealed class ResponseEndpoints(ModelService service) : IEndpointGroup
{
    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/responses", AnswerAsync).WithMetadata(ErrorStyle.OpenAi);

    private async Task AnswerAsync(HttpContext context)
    {
        ResponseRequest request;
        string? key;
        using (JsonDocument body = await RequestReader.ReadAsync(context).ConfigureAwait(false))
        {
            request = ResponseRequest.Read(body.RootElement, service);
            key = service.KeyOf("responses", body.RootElement);
        }

        ResponseAnswer answer = new(request, service);
        ChoiceStream stream = await service.StartAsync("chat", "input", [request.Generation], key, context.RequestAborted)
            .ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            CompletionEndpoints.TellCache(context, key, stream);
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
