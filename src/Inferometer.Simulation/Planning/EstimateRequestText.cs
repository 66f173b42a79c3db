using System.Globalization;
using System.Text.Json.Nodes;
using Inferometer.Core;
using Inferometer.Core.Catalog;
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
/// <param name="Parameters">Further parameters, as <c>--param</c> gave them; none may say other than a setting does.</param>
/// <param name="AttentionDataParallel">Data-parallel ranks replicate attention and share the experts.</param>
/// <param name="AllowUneven">Tensor parallelism need not divide the heads.</param>
public sealed record EstimateRequestText(
    string Model, JsonNode System, EquatableList<string> Phases, EquatableList<string> Features, JsonObject Parameters,
        bool AttentionDataParallel,
    bool AllowUneven)
{
    private static readonly string[] PhaseNames = ["prefill", "decode", "chunked"];
    private static readonly string[] s_degrees = ["tensor_parallel", "pipeline_parallel", "data_parallel"];

    /// <summary>What the options say; a setting that is not here has its default.</summary>
    public IReadOnlyDictionary<EstimateSetting, JsonNode> Said { get; init; } = new Dictionary<EstimateSetting, JsonNode>();

    /// <summary>Whether a feature of this name is a phase.</summary>
    public static bool IsPhase(string feature) => PhaseNames.Contains(feature, StringComparer.Ordinal);

    /// <summary>An estimate of which nothing is said yet but these.</summary>
    /// <param name="model">Catalog name or path.</param>
    /// <param name="system">Catalog name or file of the system, or its figures.</param>
    /// <param name="features">Features; a phase among them replaces the default, prefill and decode.</param>
    /// <param name="flashAttention">Whether flash attention is among them unsaid.</param>
    public static EstimateRequestText Of(string model, JsonNode system, IEnumerable<string> features, bool flashAttention)
    {
        string[] all = [.. features];
        string[] phases = [.. all.Where(IsPhase)];
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
        RequireOneValueEach();
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
            RequireRanks();
            parameters["data_parallel"] ??= 1;
            parameters["attention_data_parallel"] = true;
        }

        if (AllowUneven)
        {
            parameters["allow_uneven_heads"] = true;
        }

        foreach ((string name, JsonNode? value) in Parameters)
        {
            Put(parameters, name, value);
        }

        ShareCounted(parameters);
        if (AllowUneven)
        {
            parameters["tensor_parallel"] ??= 1;
        }

        return new SimulationConfig
        {
            Model = Model,
            Features = new EquatableList<string>(Phases.Concat(Features).Distinct(StringComparer.Ordinal)),
            SimulationParams = new ParameterBag(parameters, "parameters"),
        };
    }

    // So many of a device, as people write it: where nothing is said of how they share the work, they share every layer.
    private void ShareCounted(JsonObject parameters)
    {
        static bool IsKnown(string name) => HardwareCatalog.BuiltIn.TryFind(name) is not null;
        if (parameters["system_name"] is not JsonValue said || !said.TryGetValue(out string? text)
            || !CountedName.TryRead(text, IsKnown, out CountedName? counted) || counted.Count is not { } count || !IsKnown(counted.Name))
        {
            return;
        }

        parameters["system_name"] = counted.Name;
        if (!s_degrees.Any(d => parameters.ContainsKey(d) || Said.Keys.Any(s => string.Equals(s.Parameter, d, StringComparison.Ordinal))))
        {
            parameters["tensor_parallel"] = count;
            return;
        }

        int[] degrees = [.. s_degrees.Select(d => parameters[d] is JsonValue own && own.TryGetValue(out int degree) ? degree : 1)];
        int made = degrees.Aggregate(1, (product, degree) => product * degree);
        if (made != count)
        {
            throw new InferometerException(string.Create(
                CultureInfo.InvariantCulture,
                $"--on: '{text}' is {count} devices, and tensor {degrees[0]} x pipeline {degrees[1]} x data parallelism {degrees[2]} take "
                    + $"{made} (--tp, --pp, --dp); name the device alone, or let them agree."));
        }
    }

    // A member of a group stands beside what options say of the group.
    private static void Put(JsonObject parameters, string name, JsonNode? value)
    {
        if (value is not JsonObject members || parameters[name] is not JsonObject group)
        {
            parameters[name] = value?.DeepClone();
            return;
        }

        foreach ((string member, JsonNode? own) in members)
        {
            group[member] = own?.DeepClone();
        }
    }

    // The same thing said twice in different ways is a contradiction; neither is dropped.
    private void RequireOneValueEach()
    {
        foreach ((EstimateSetting setting, JsonNode value) in Said)
        {
            Require(setting.Parameter, value, setting.Option, own => JsonNode.DeepEquals(own, value) || IsSame(setting, own, value));
        }

        if (AttentionDataParallel)
        {
            Require("attention_data_parallel", true, "--attention-dp", own => JsonNode.DeepEquals(own, true));
        }

        if (AllowUneven)
        {
            Require("allow_uneven_heads", true, "--allow-uneven", own => JsonNode.DeepEquals(own, true));
        }
    }

    private void Require(string parameter, JsonNode value, string option, Predicate<JsonNode?> agrees)
    {
        string[] path = parameter.Split('.');
        if (!Parameters.TryGetPropertyValue(path[0], out JsonNode? own))
        {
            return;
        }

        bool isGiven = path.Length == 1 || (own is JsonObject group && group.TryGetPropertyValue(path[1], out own));
        if (isGiven && !agrees(own))
        {
            throw new InferometerException(
                $"--param: {parameter} = '{own?.ToString() ?? "null"}' contradicts '{value}', which {option} says; give one of them.");
        }
    }

    // Formats and shares have several spellings.
    private static bool IsSame(EstimateSetting setting, JsonNode? own, JsonNode value)
    {
        try
        {
            return own is not null && JsonNode.DeepEquals(setting.Read(own.ToString()), value);
        }
        catch (InferometerException)
        {
            return false;
        }
    }

    private void RequireRanks()
    {
        if (!Parameters.ContainsKey("data_parallel")
            && !Said.Keys.Any(s => string.Equals(s.Parameter, "data_parallel", StringComparison.Ordinal)))
        {
            throw new InferometerException("--attention-dp needs --dp: with one rank there is nothing to replicate.");
        }
    }

    // Where a comparison has a row without what a setting belongs to, the setting is not said either.
    private bool IsRead(EstimateSetting setting) => setting.IsReadBy(Phases)
        && (setting.OnlyWith is null || Said.Keys.Any(s => string.Equals(s.Parameter, setting.OnlyWith, StringComparison.Ordinal)));

    // What says no more than the default would turn a feature on for nothing.
    private static bool IsDefault(EstimateSetting setting, JsonNode value) =>
        setting.Default is { } text && JsonNode.DeepEquals(setting.Read(text), value);
}
