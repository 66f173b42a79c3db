using System.Text.Json;
using Inferometer.Core;
using Inferometer.Server.Wire;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Planning;

namespace Inferometer.Server.Simulator;

/// <summary>
/// Holds what strangers say to the names of the catalogs. On the command line a name may be the path of a file as well; a client's text
/// must never reach the file system.
/// </summary>
internal sealed class CatalogNames(Catalogs catalogs)
{
    private const string System = "system_name";
    private const string Host = "host";
    private const string Speculation = "speculative_decode";
    private const string Draft = "draft_model";

    /// <summary>The configuration with the catalogs' own names in place of those given.</summary>
    /// <exception cref="ApiException">A name is not in the catalogs.</exception>
    public SimulationConfig Named(SimulationConfig config)
    {
        ParameterBag parameters = config.SimulationParams;
        SimulationConfig named = config with { Model = Model(config.Model, "model") };
        if (TextOf(parameters, System) is { } system)
        {
            string[] devices = system.Split('+', StringSplitOptions.TrimEntries);
            string name = catalogs.Hardware.TryFind(system)?.Name ?? string.Join('+', devices.Select(d => Machine(d, "on")));
            parameters = parameters.With(System, name);
        }

        if (TextOf(parameters, Host) is { } host)
        {
            parameters = parameters.With(Host, Machine(host, Host));
        }

        if (parameters.Raw(Speculation)?[Draft] is { } draft && draft.GetValueKind() == JsonValueKind.String
            && draft.GetValue<string>() is not ("mtp" or "ngram"))
        {
            var group = parameters.Raw(Speculation)!.DeepClone();
            group[Draft] = Model(draft.GetValue<string>(), "draft");
            parameters = parameters.With(Speculation, group);
        }

        return named with { SimulationParams = parameters };
    }

    /// <summary>The catalog's name of a model.</summary>
    /// <exception cref="ApiException">It has none of this name.</exception>
    public string Model(string name, string field) => catalogs.Models.TryFind(name)?.Name ?? throw Unknown(
        field, name, "a model of the catalog, which models (/api/v1/models) lists",
        catalogs.Models.Models.SelectMany(m => m.Aliases.Prepend(m.Name)));

    /// <summary>The catalog's name of a machine.</summary>
    /// <exception cref="ApiException">It has none of this name.</exception>
    public string Machine(string name, string field) => catalogs.Hardware.TryFind(name)?.Name ?? throw Unknown(
        field, name, "a machine of the catalog, which hardware (/api/v1/hardware) lists",
        catalogs.Hardware.Systems.SelectMany(s => s.Aliases.Prepend(s.System.Name)));

    private static string? TextOf(ParameterBag parameters, string name) =>
        parameters.Raw(name) is { } value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;

    private static ApiException Unknown(string field, string name, string allowed, IEnumerable<string> known)
    {
        string quoted = name.Length <= 60 ? name : string.Concat(name.AsSpan(0, 57), "...");
        return ApiException.Invalid(
            field, $"{field}: '{quoted}' is not allowed; it must be {allowed}.{NameSuggestion.For(name, known)}");
    }
}
