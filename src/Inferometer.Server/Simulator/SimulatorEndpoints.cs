using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Inferometer.Server.Wire;
using Inferometer.Simulation.Planning;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace Inferometer.Server.Simulator;

/// <summary>
/// <c>/api/v1/estimate</c>, <c>compare</c>, <c>simulate</c>, <c>plan</c> and <c>validate</c>: the simulator, in the command line's words.
/// </summary>
internal sealed class SimulatorEndpoints(SimulatorService service, JobQueue jobs) : IEndpointGroup
{
    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/estimate", context => EstimateAsync(context, service)).WithMetadata(ProblemStyle.Problem);
        routes.MapPost("/api/v1/compare", CompareAsync).WithMetadata(ProblemStyle.Problem);
        Job("simulate", body => service.Services.Read(body).Run);
        Job("plan", body => service.Plans.Read(body).Run);
        Job("validate", service.Validations.Read, SimulatorLimits.TableBytes);

        void Job(
            string kind, Func<JsonElement, Func<Action<double>, CancellationToken, string>> read, long most = SimulatorLimits.BodyBytes) =>
            routes.MapPost($"/api/v1/{kind}", context => StartAsync(context, kind, read, most)).WithMetadata(ProblemStyle.Problem);
    }

    /// <summary>Answers with a JSON document that is written already.</summary>
    public static async Task WriteAsync(HttpContext context, string json)
    {
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(json, Encoding.UTF8, context.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>Answers what an estimate comes to, or why it does not fit.</summary>
    public static async Task EstimateAsync(HttpContext context, SimulatorService service)
    {
        using JsonDocument body = await ReadAsync(context).ConfigureAwait(false);
        try
        {
            await WriteAsync(context, service.Estimate(body.RootElement).ToJson()).ConfigureAwait(false);
        }
        catch (DoesNotFitException error)
        {
            await RefuseAsync(context, error).ConfigureAwait(false);
        }
    }

    private async Task CompareAsync(HttpContext context)
    {
        using JsonDocument body = await ReadAsync(context).ConfigureAwait(false);
        await WriteAsync(context, await service.CompareAsync(body.RootElement, context.RequestAborted).ConfigureAwait(false))
            .ConfigureAwait(false);
    }

    private async Task StartAsync(
        HttpContext context, string kind, Func<JsonElement, Func<Action<double>, CancellationToken, string>> read, long most)
    {
        JobEndpoints.WaitOf(context.Request);
        Func<Action<double>, CancellationToken, string> run;
        using (JsonDocument body = await ReadAsync(context, most).ConfigureAwait(false))
        {
            run = read(body.RootElement);
        }

        await JobEndpoints.AnswerAsync(context, jobs.Start(kind, run)).ConfigureAwait(false);
    }

    private static Task<JsonDocument> ReadAsync(HttpContext context, long most = SimulatorLimits.BodyBytes)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size && !(size.MaxRequestBodySize < most))
        {
            size.MaxRequestBodySize = most;
        }

        return RequestReader.ReadAsync(context);
    }

    // What does not fit is refused with what it needs, and with each single change that would do.
    private static Task RefuseAsync(HttpContext context, DoesNotFitException error)
    {
        ApiException problem = new(StatusCodes.Status422UnprocessableEntity, "invalid_request_error", error.Message)
        {
            Code = "does_not_fit",
        };
        JsonNode result = JsonNode.Parse(error.Result.ToJson())!;
        return JsonBody.WriteAsync(
            context,
            json =>
            {
                json.WriteStartObject();
                ProblemStyle.WriteMembers(json, problem);
                json.WritePropertyName("memory_usage"u8);
                result["memory_usage"]!.WriteTo(json);
                json.WriteStartArray("changes"u8);
                foreach (FittingChange change in error.Changes)
                {
                    json.WriteStartObject();
                    json.WriteString("field"u8, DoesNotFitException.FieldOf(change));
                    json.WriteString("value"u8, Convert.ToString(change.Value.GetValue<object>(), CultureInfo.InvariantCulture));
                    json.WriteEndObject();
                }

                json.WriteEndArray();
                json.WriteEndObject();
            },
            problem.Status,
            ProblemStyle.Problem.ContentType);
    }
}
