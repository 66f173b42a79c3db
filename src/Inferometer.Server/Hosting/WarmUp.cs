using System.Text;
using System.Text.Json;
using Inferometer.Server.Generation;
using Inferometer.Server.OpenAi;
using Inferometer.Server.Simulator;
using Inferometer.Server.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Inferometer.Server.Hosting;

/// <summary>
/// Does once what first requests would find not compiled and not read yet: a conversation read, written by the template and tokenized, and
/// two estimates answered as requests are, one of which does not fit and is refused with its advice. Nothing of it is counted, and the
/// engine is not asked.
/// </summary>
internal static class WarmUp
{
    private const string LargeModel = "llama-3.1-405b";
    private const string System = "h100";

    /// <summary>Does it. What goes wrong is for the log: a request would tell the same in its own words.</summary>
    /// <param name="simulator">The simulator.</param>
    /// <param name="model">The model; null = none is served.</param>
    /// <param name="logger">Told of faults.</param>
    public static async Task RunAsync(SimulatorService simulator, ModelService? model, ILogger logger)
    {
        await TryAsync(() => EstimateAsync(simulator, allowOverflow: false)).ConfigureAwait(false);
        await TryAsync(() => EstimateAsync(simulator, allowOverflow: true)).ConfigureAwait(false);
        await TryAsync(() =>
        {
            if (model is not null)
            {
                using var body = JsonDocument.Parse(
                    """{"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Good morning."}],"stream":true}""");
                _ = CompletionReader.ReadChat(body.RootElement, model);
            }

            return Task.CompletedTask;
        }).ConfigureAwait(false);

        async Task TryAsync(Func<Task> part)
        {
            try
            {
                await part().ConfigureAwait(false);
            }
            catch (Exception error)
            {
                ServerLog.NotWarm(logger, error.Message);
            }
        }
    }

    /// <summary>As the endpoint does it, from the request's bytes to those of the answer: reading them is compiled too.</summary>
    private static async Task EstimateAsync(SimulatorService simulator, bool allowOverflow)
    {
        string? model = (simulator.Catalogs.Models.TryFind(LargeModel) ?? simulator.Catalogs.Models.Models.FirstOrDefault())?.Name;
        string? system = simulator.Catalogs.Hardware.TryFind(System)?.Name
            ?? simulator.Catalogs.Hardware.Systems.FirstOrDefault()?.System.Name;
        if (model is null || system is null)
        {
            return; // catalogs of one's own may be empty
        }

        JsonElement body = JsonBody.Element(json =>
        {
            json.WriteString("model"u8, model);
            json.WriteString("on"u8, system);
            json.WriteBoolean("allow-overflow"u8, allowOverflow);
        });
        byte[] bytes = Encoding.UTF8.GetBytes(body.GetRawText());
        using MemoryStream request = new(bytes);
        using MemoryStream answer = new();
        DefaultHttpContext context = new();
        (context.Request.Method, context.Request.ContentType, context.Request.ContentLength) =
            (HttpMethods.Post, "application/json", bytes.Length);
        (context.Request.Body, context.Response.Body) = (request, answer);
        await SimulatorEndpoints.EstimateAsync(context, simulator).ConfigureAwait(false);
    }
}
