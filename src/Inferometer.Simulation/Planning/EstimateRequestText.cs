using System.Text.Json.Nodes;
using Inferometer.Core;
using Inferometer.Simulation.Configuration;

namespace Inferometer.Simulation.Planning;

/// <summary>
/// One estimate as options state it, on the command line or in a request over HTTP. It only becomes a <see cref="SimulationConfig"/>;
/// nothing is computed here.
/// </summary>
/// <param name="Model">Catalog name or path.</param>
/// <param name="System">Catalog name or file of the system, or its figures.</param>
/// <param name="Phases">Phases: prefill, decode, chunked.</param>
/// <param name="Features">Further features.</param>
/// <param name="Parameters">Further parameters, as <c>--param</c> gave them; they win over settings.</param>
/// <param name="AttentionDataParallel">Data-parallel ranks replicate attention and share the experts.</param>
/// <param name="AllowUneven">Tensor parallelism need not divide the heads.</param>
public sealed record EstimateRequestText(
    string Model, JsonNode System, EquatableList<string> Phases, EquatableList<string> Features, JsonObject Parameters,
        bool AttentionDataParallel,
    bool AllowUneven)
{
    private static readonly string[] PhaseNames = ["prefill", "decode", "chunked"];

    /// <summary>What the options say; a setting that is not here has its default.</summary>
    public IReadOnlyDictionary<EstimateSetting, JsonNode> Said { get; init; } = new Dictionary<EstimateSetting, JsonNode>();

    /// <summary>An estimate of which nothing is said yet but these.</summary>
    /// <param name="model">Catalog name or path.</param>
    /// <param name="system">Catalog name or file of the system, or its figures.</param>
    /// <param name="features">Features; a phase among them replaces the default, prefill and decode.</param>
    /// <param name="flashAttention">Whether flash attention is among them unsaid.</param>
    public static EstimateRequestText Of(string model, JsonNode system, IEnumerable<string> features, bool flashAttention)
    {
        string[] all = [.. features];
        string[] phases = [.. all.Where(f => PhaseNames.Contains(f, StringComparer.Ordinal))];
        string[] others = [.. all.Except(PhaseNames, StringComparer.Ordinal)];
        return new EstimateRequestText(
            model,
            system,
            new EquatableList<string>(phases.Length == 0 ? ["prefill", "decode"] : phases),
            new EquatableList<string>(flashAttention ? ["flash_attention", .. others] : others),
            [],
            AttentionDataParallel: false,
            AllowUneven: false);
    }

    /// <summary>The same with one more thing said; null leaves the default.</summary>
    /// <exception cref="InferometerException">Something else was said of it before.</exception>
    public EstimateRequestText With(SaidValue said)
    {
        if (said.Value is not { } value)
        {
            return this;
        }

        JsonNode? other = Said.FirstOrDefault(s => string.Equals(s.Key.Parameter, said.Setting.Parameter, StringComparison.Ordinal)).Value;
        if (other is not null && !JsonNode.DeepEquals(value, other))
        {
            throw new InferometerException(
                $"{said.Setting.Option}: '{value}' contradicts '{other}', which another option says of {said.Setting.Parameter}.");
        }

        return this with { Said = new Dictionary<EstimateSetting, JsonNode>(Said) { [said.Setting] = value } };
    }

    /// <summary>The configuration this describes.</summary>
    /// <exception cref="InferometerException">A further parameter contradicts an option.</exception>
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
                throw new InferometerException(
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
