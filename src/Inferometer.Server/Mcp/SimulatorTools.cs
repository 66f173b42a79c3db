using System.Text.Json;
using System.Text.Json.Nodes;
using Inferometer.Reports.Features;
using Inferometer.Reports.Hardware;
using Inferometer.Reports.Models;
using Inferometer.Server.Simulator;
using Inferometer.Server.Wire;
using ModelContextProtocol.Server;

namespace Inferometer.Server.Mcp;

/// <summary>The tools, their schemas made from the settings' declarations as those of the HTTP API are.</summary>
internal static class SimulatorTools
{
    /// <summary>All of them.</summary>
    public static McpServerPrimitiveCollection<McpServerTool> Create(SimulatorService service)
    {
        McpServerPrimitiveCollection<McpServerTool> tools = [];
        foreach (SimulatorTool tool in All(service))
        {
            tools.Add(tool);
        }

        return tools;
    }

    private static SimulatorTool[] All(SimulatorService service) =>
    [
        new(
            "estimate",
            "Predicts how a language model runs on a machine: latency, throughput, memory, energy and cost. Times in ms, sizes in bytes.",
            WithOperators(OpenApiDocument.EstimateSchema()),
            (arguments, _) => Task.FromResult(Estimate(service, arguments))),
        new(
            "compare",
            "Predicts several models, machines, formats or loads side by side, a row for each combination.",
            OpenApiDocument.CompareSchema(),
            service.CompareAsync),
        new(
            "simulate",
            "Simulates a service that many ask: latency percentiles, goodput, queue, cache, energy and cost under load.",
            OpenApiDocument.SimulateSchema(),
            (arguments, cancelled) => RunAsync(service.Services.Read(arguments).Run, cancelled)),
        new(
            "plan",
            "Plans capacity: the cheapest, smallest and fastest deployment that keep a service level for a load, and why others do not; "
                + "without a load, what can be served on the devices there are.",
            OpenApiDocument.PlanSchema(),
            (arguments, cancelled) => RunAsync(service.Plans.Read(arguments).Run, cancelled)),
        new(
            "validate",
            "Sets measurements beside predictions and says how far off these are, by metric, machine, framework, model and format.",
            OpenApiDocument.ValidateSchema(),
            (arguments, cancelled) => RunAsync(service.Validations.Read(arguments), cancelled)),
        List("models", "Models that can be named.", text => ModelListPage.Of(service.Catalogs.Models.Models
            .Where(m => Fits(text, m.Aliases.Append(m.Name))))),
        List("hardware", "Machines that can be named.", text => HardwarePage.List(service.Catalogs.Hardware.Systems
            .Where(s => Fits(text, s.Aliases.Append(s.System.Name).Append(s.System.Device.Vendor).Append(s.System.Device.Architecture))))),
        List("features", "Features of the simulator.", text => FeaturePage.List(service.Engine.Features.Available
            .Where(f => Fits(text, [f.Name, f.Description])))),
    ];

    // The list of every operator is most of an estimate, and seldom what a model asks for.
    private static string Estimate(SimulatorService service, JsonElement arguments)
    {
        JsonObject asked = JsonObject.Create(arguments)!;
        bool all = asked.Remove("operators", out JsonNode? said) && said?.GetValueKind() == JsonValueKind.True;
        JsonObject result = JsonNode.Parse(service.Estimate(JsonElement.Parse(asked.ToJsonString())).ToJson())!.AsObject();
        if (!all)
        {
            result.Remove("operators");
        }

        return result.ToJsonString();
    }

    private static async Task<string> RunAsync(
        Func<Action<double>, CancellationToken, string> run, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(SimulatorLimits.Job);
        try
        {
            return await Task.Run(() => run(_ => { }, limit.Token), limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw ApiException.TimedOut(SimulatorLimits.Job.TotalSeconds);
        }
    }

    private static SimulatorTool List(string name, string description, Func<string?, Reports.Documents.Document> list)
    {
        JsonObject schema = new()
        {
            ["type"] = "object",
            ["properties"] = new JsonObject
            {
                ["search"] = new JsonObject { ["type"] = "string", ["description"] = "List only what holds this text." },
            },
            ["additionalProperties"] = false,
        };
        return new SimulatorTool(name, description, schema, (arguments, _) =>
        {
            var fields = RequestFields.Of(arguments);
            string? text = fields.Text("search");
            fields.RequireNothingElse();
            return Task.FromResult(SimulatorService.Print(list(text)));
        });
    }

    private static bool Fits(string? text, IEnumerable<string> names) =>
        text is null || names.Any(name => name.Contains(text, StringComparison.OrdinalIgnoreCase));

    private static JsonObject WithOperators(JsonObject schema)
    {
        schema["properties"]!["operators"] = new JsonObject
        {
            ["type"] = "boolean",
            ["description"] = "Tell the time, FLOPs and bytes of every operator too.",
        };
        return schema;
    }
}
