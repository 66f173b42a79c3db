using System.Text.Json.Nodes;
using Inferometer.Cli.Hosting;
using Inferometer.Core;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Planning;

namespace Inferometer.Cli.Settings;

/// <summary>
/// One estimate as the command line states it. It only becomes a <see cref="SimulationConfig"/>; nothing is computed here.
/// </summary>
/// <param name="Model">Catalog name or path.</param>
/// <param name="System">Catalog name or file of the system, or its figures.</param>
/// <param name="Phases">Phases: prefill, decode, chunked.</param>
/// <param name="Features">Further features.</param>
/// <param name="Parameters">Further parameters, as <c>--param</c> gave them; they win over settings.</param>
/// <param name="AttentionDataParallel">Data-parallel ranks replicate attention and share the experts.</param>
/// <param name="AllowUneven">Tensor parallelism need not divide the heads.</param>
internal sealed record EstimateRequestText(
    string Model, JsonNode System, EquatableList<string> Phases, EquatableList<string> Features, JsonObject Parameters,
        bool AttentionDataParallel,
    bool AllowUneven)
{
    /// <summary>What the options say; a setting that is not here has its default.</summary>
    public IReadOnlyDictionary<EstimateSetting, JsonNode> Said { get; init; } = new Dictionary<EstimateSetting, JsonNode>();

    /// <summary>The same with one more thing said; null leaves the default.</summary>
    /// <exception cref="UsageException">Something else was said of it before.</exception>
    public EstimateRequestText With(SaidValue said)
    {
        if (said.Value is not { } value)
        {
            return this;
        }

        if (Said.TryGetValue(said.Setting, out JsonNode? other) && !JsonNode.DeepEquals(value, other))
        {
            throw new UsageException(
                $"{said.Setting.Option}: '{value}' contradicts '{other}', which another option says of {said.Setting.Parameter}.");
        }

        return this with { Said = new Dictionary<EstimateSetting, JsonNode>(Said) { [said.Setting] = value } };
    }

    /// <summary>The configuration this describes.</summary>
    public SimulationConfig ToConfig()
    {
        JsonObject parameters = new() { ["system_name"] = System.DeepClone() };
        foreach (EstimateSetting setting in EstimateSettings.All.Where(IsRead))
        {
            bool stated = Said.TryGetValue(setting, out JsonNode? value) && !IsDefault(setting, value);
            if (stated || setting.IsAlwaysStated)
            {
                setting.Write(parameters, stated ? value!.DeepClone() : setting.Read(setting.Default!)!);
            }
        }

        if (AttentionDataParallel)
        {
            parameters["data_parallel"] ??= 1;
            parameters["attention_data_parallel"] = true;
        }

        if (AllowUneven)
        {
            parameters["tensor_parallel"] ??= 1;
            parameters["allow_uneven_heads"] = true;
        }

        foreach ((string name, JsonNode? value) in Parameters)
        {
            Put(parameters, name, value);
        }

        return new SimulationConfig
        {
            Model = Model,
            Features = new EquatableList<string>(Phases.Concat(Features).Distinct(StringComparer.Ordinal)),
            SimulationParams = new ParameterBag(parameters, "parameters"),
        };
    }

    // A member of a group stands beside what options say of the group; the same member said twice is a contradiction, never dropped.
    private static void Put(JsonObject parameters, string name, JsonNode? value)
    {
        if (value is not JsonObject members || parameters[name] is not JsonObject group)
        {
            parameters[name] = value?.DeepClone();
            return;
        }

        foreach ((string member, JsonNode? own) in members)
        {
            if (group[member] is { } other && !JsonNode.DeepEquals(other, own))
            {
                throw new UsageException(
                    $"--param: {name}.{member} = '{own}' contradicts '{other}', which an option says; give one of them.");
            }

            group[member] = own?.DeepClone();
        }
    }

    // Where a comparison has a row without what a setting belongs to, the setting is not said either.
    private bool IsRead(EstimateSetting setting) => setting.IsReadBy(Phases)
        && (setting.OnlyWith is null || Said.Keys.Any(s => string.Equals(s.Parameter, setting.OnlyWith, StringComparison.Ordinal)));

    // What says no more than the default would turn a feature on for nothing.
    private static bool IsDefault(EstimateSetting setting, JsonNode value) =>
        setting.Default is { } text && JsonNode.DeepEquals(setting.Read(text), value);
}
