using System.Text.Json.Nodes;
using Inferometer.Measurement.Explanation;
using Inferometer.Serving.Arrivals;
using Inferometer.Simulation;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Serving;

namespace Inferometer.Measurement.Tests.Explanation;

/// <summary>A small service to explain: Llama 8B on one H100 in the roofline, which adds nothing to the simulated times.</summary>
internal static class ExplainedServices
{
    public static SimulationEngine Engine { get; } = new();

    public static ExplainedService Of(
        TrafficOptions traffic, Func<ServingSimulationOptions, ServingSimulationOptions>? change = null, string costModel = "roofline",
        params (string Part, string Format)[] formats) => new()
        {
            Config = Config(costModel, formats),
            Traffic = _ => new ServiceTraffic(traffic),
            Options = plan => (change ?? (o => o))(
            plan.Framework().OptionsFor(plan)),
        };

    public static TrafficOptions Users(int users, int input = 1000, int output = 100, int requests = 300) => new()
    {
        Users = users,
        RampSeconds = 2,
        Input = LengthDistribution.Fixed(input),
        Output = LengthDistribution.Fixed(output),
        Requests = requests,
    };

    public static TrafficOptions Rate(double rate, int input = 1000, int output = 100, int requests = 300) => new()
    {
        Process = ArrivalProcess.Parse("poisson", rate),
        Input = LengthDistribution.Fixed(input),
        Output = LengthDistribution.Fixed(output),
        Requests = requests,
    };

    public static ServiceForecast Forecast(ExplainedService service)
    {
        ICostPlan plan = Engine.Prepare(service.Config);
        return ServiceForecast.Of(
            plan, service.Traffic(plan), service.Options(plan), apart: true, TestContext.Current.CancellationToken);
    }

    public static ServiceExplanation Explain(ExplainedService service, double? ttft, double? tpot, double? whole = null) =>
        new ServiceExplainer(Engine).Explain(
            service, new ObservedService(ttft, tpot, whole), TestContext.Current.CancellationToken);

    public static double Part(IReadOnlyList<TimePart> parts, string key) =>
        parts.FirstOrDefault(p => string.Equals(p.Key, key, StringComparison.Ordinal))?.Milliseconds ?? 0;

    private static SimulationConfig Config(string costModel, (string Part, string Format)[] formats)
    {
        JsonObject parameters = new() { ["system_name"] = "h100", ["cost_model"] = costModel };
        if (formats.Length > 0)
        {
            parameters["quantization"] = new JsonObject(
                formats.Select(f => new KeyValuePair<string, JsonNode?>(f.Part, JsonValue.Create(f.Format))));
        }

        return new SimulationConfig
        {
            Model = "llama-3.1-8b",
            Features = ["prefill", "decode", "flash_attention"],
            SimulationParams = new ParameterBag(parameters),
        };
    }
}
