using System.Text.Json.Nodes;
using Inferometer.Core;
using Inferometer.Reports.Documents;
using Inferometer.Reports.Features;
using Inferometer.Reports.Hardware;
using Inferometer.Reports.Models;
using Inferometer.Server.Wire;
using Inferometer.Simulation.Planning;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Inferometer.Server.Simulator;

/// <summary>
/// <c>/api/v1/models</c>, <c>hardware</c>, <c>features</c>: what can be named; <c>settings</c>: what can be said; <c>openapi.json</c>.
/// </summary>
internal sealed class CatalogEndpoints(SimulatorService service, string version) : IEndpointGroup
{
    private readonly Lazy<string> _openApi = new(() => OpenApiDocument.Create(version).ToJsonString());
    private readonly Lazy<string> _settings = new(() => SettingList().ToJsonString());

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes)
    {
        Get("/api/v1/models", _ => SimulatorService.Print(ModelListPage.Of(service.Catalogs.Models.Models)));
        Get("/api/v1/models/{**name}", context => Found("model", () =>
            service.Catalogs.Models.TryFind(Name(context)) is { } model ? ModelPage.Of(model.Architecture, model) : null));
        Get("/api/v1/hardware", _ => SimulatorService.Print(HardwarePage.List(service.Catalogs.Hardware.Systems)));
        Get("/api/v1/hardware/{name}", context => Found("machine", () =>
            service.Catalogs.Hardware.TryFind(Name(context)) is { } system
                ? HardwarePage.Of(service.Catalogs.Hardware, system.Name)
                : null));
        Get("/api/v1/features", _ => SimulatorService.Print(FeaturePage.List(service.Engine.Features.Available)));
        Get("/api/v1/features/{name}", context => Found("feature", () => service.Engine.Features.Available
            .FirstOrDefault(f => string.Equals(f.Name, Name(context), StringComparison.Ordinal)) is { } feature
                ? FeaturePage.Of(feature)
                : null));
        Get("/api/v1/settings", _ => _settings.Value);
        Get("/api/v1/openapi.json", _ => _openApi.Value);
        routes.Map("/api/v1/{**rest}", _ => throw NotFound("There is no such path here; /api/v1/openapi.json lists all."))
            .WithMetadata(ProblemStyle.Problem);

        void Get(string path, Func<HttpContext, string> write) =>
            routes.MapRead(path, context => SimulatorEndpoints.WriteAsync(context, write(context))).WithMetadata(ProblemStyle.Problem);
    }

    private static string Name(HttpContext context) => (string)context.Request.RouteValues["name"]!;

    private static string Found(string kind, Func<Document?> find)
    {
        try
        {
            return find() is { } page ? SimulatorService.Print(page) : throw NotFound($"There is no such {kind} in the catalog.");
        }
        catch (InferometerException error)
        {
            throw NotFound(error.Message);
        }
    }

    private static ApiException NotFound(string message) =>
        new(StatusCodes.Status404NotFound, "invalid_request_error", message) { Code = "not_found" };

    private static JsonObject SettingList()
    {
        JsonArray estimate = [];
        foreach (EstimateSetting setting in EstimateSettings.All)
        {
            JsonObject one = SettingSchema.Of(setting);
            one.Insert(0, "name", setting.Option[2..]);
            one.Insert(1, "parameter", setting.Parameter);
            if (setting.OnlyWith is { } needed)
            {
                EstimateSetting other = EstimateSettings.All.First(s => string.Equals(s.Parameter, needed, StringComparison.Ordinal));
                one["only_with"] = other.Option[2..];
            }

            if (setting.Range is { } range)
            {
                one["range"] = range;
            }

            estimate.Add((JsonNode)one);
        }

        return new JsonObject
        {
            ["estimate"] = estimate,
            ["simulate"] = List(ServiceSettings.All),
            ["plan"] = List(PlanSettings.All),
            ["validate"] = List(ValidationReader.Settings),
        };
    }

    private static JsonArray List(IEnumerable<ServiceSetting> settings)
    {
        JsonArray list = [];
        foreach (ServiceSetting setting in settings)
        {
            JsonObject one = SettingSchema.Of(setting);
            one.Insert(0, "name", setting.Name);
            list.Add((JsonNode)one);
        }

        return list;
    }
}
