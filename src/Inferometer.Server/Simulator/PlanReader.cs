using System.Globalization;
using System.Text.Json;
using Inferometer.Core.Catalog;
using Inferometer.Planning;
using Inferometer.Planning.Demand;
using Inferometer.Planning.Deployments;
using Inferometer.Planning.Inventory;
using Inferometer.Planning.Launching;
using Inferometer.Planning.Programs;
using Inferometer.Server.Wire;
using Inferometer.Serving;
using Inferometer.Serving.Arrivals;
using Inferometer.Simulation.Planning;

namespace Inferometer.Server.Simulator;

/// <summary>
/// Reads what is to be planned, by the names of the options of <c>plan</c>: a deployment for a load, two pools for it, or without a load
/// what can be served on the devices there are.
/// </summary>
internal sealed class PlanReader(Catalogs catalogs, CatalogNames names)
{
    private const string FilesOfCaches =
        "a level of a profile is read from a file, which cannot be named over HTTP; give a format, q8 or q4.";

    /// <summary>The question that a request asks.</summary>
    /// <exception cref="ApiException">A field is missing, not known, or holds what it may not.</exception>
    public PlanRun Read(JsonElement body)
    {
        var request = RequestFields.Of(body);
        SettingFields fields = new(request, PlanSettings.All);
        string[] models = Models(request);
        PlanRun run = fields.Has("users") || fields.Has("rate")
            ? ForLoad(request, fields, models)
            : new PlanRun(catalogs, ForInventory(request, fields, models));
        request.RequireNothingElse();
        return run;
    }

    private string[] Models(RequestFields request)
    {
        if (!request.TryGet("model", out JsonElement value))
        {
            return [];
        }

        string[] given = value.ValueKind switch
        {
            JsonValueKind.String => value.GetString()!.Split(',', StringSplitOptions.TrimEntries),
            JsonValueKind.Array when value.EnumerateArray().All(m => m.ValueKind == JsonValueKind.String) =>
                [.. value.EnumerateArray().Select(m => m.GetString()!)],
            _ => throw request.Wrong("model", "the name of a model, or without a load a list of some"),
        };
        return [.. given.Select(name => names.Model(name, "model"))];
    }

    private PlanRun ForLoad(RequestFields request, SettingFields fields, string[] models)
    {
        if (models is not [string model])
        {
            throw request.Wrong("model", "the name of one model; a load is planned for one at a time");
        }

        if (fields.Has("users") && fields.Has("rate"))
        {
            throw ApiException.Invalid("rate", "users and rate say different things of when requests come; give one of them.");
        }

        PlanRequest plan = new()
        {
            Model = model,
            Demand = Requests(fields) with
            {
                Users = fields.Whole("users") ?? 0,
                RequestsPerSecond = fields.Number("rate") ?? 0,
            },
            Level = Level(fields)
                ?? throw ApiException.Invalid("slo", "slo: say what must be kept, such as ttft:500ms,tpot:40ms."),
            Space = Space(fields),
            MaxDevices = fields.Whole("max-devices"),
            BudgetPerMonth = fields.Number("budget"),
            Spares = fields.Whole("spares") ?? 0,
            SpotShare = fields.Number("spot") ?? 0,
            Seed = (ulong)(fields.Whole("seed") ?? 0),
        };
        bool pools = fields.Flag("pools");
        if (pools && !fields.Has("rate"))
        {
            throw ApiException.Invalid("pools", "pools needs rate: a user's short and long questions would go to different pools.");
        }

        string? emit = fields.Word("emit");
        if (emit is not null)
        {
            plan = pools
                ? throw ApiException.Invalid("emit", "emit: give it for one pool's deployment at a time, without pools.")
                : PlanLaunch.Narrowed(plan, emit)
                    ?? throw ApiException.Invalid("emit", $"emit {emit}: framework names others; leave one of the two out.");
        }

        EstimateReader.Refusing(() =>
        {
            plan.Validate();
            return true;
        });
        return new PlanRun(catalogs, plan, pools, emit);
    }

    private InventoryRequest ForInventory(RequestFields request, SettingFields fields, string[] models)
    {
        if (PlanSettings.OfLoads.FirstOrDefault(fields.Has) is { } idle)
        {
            throw ApiException.Invalid(idle, $"{idle} needs a load: users or rate.");
        }

        SearchSpace space = Space(fields);
        return new InventoryRequest
        {
            Systems = space.Systems.Count > 0 ? space.Systems : throw request.Wrong("on", "what there is, such as 8xh100; or give a load"),
            Models = [.. models],
            Requests = Requests(fields),
            Level = Level(fields),
            Space = space,
        };
    }

    private static ServiceDemand Requests(SettingFields fields)
    {
        if (fields.Has("arrivals") && !fields.Has("rate"))
        {
            throw ApiException.Invalid("arrivals", "arrivals needs rate; users ask when they are answered.");
        }

        if (fields.Has("think") && !fields.Has("users"))
        {
            throw ApiException.Invalid("think", "think needs users: nobody waits for the answer to a single request.");
        }

        return new ServiceDemand
        {
            Spread = SettingFields.Parsed("arrivals", fields.Text("arrivals") ?? "poisson", text =>
            {
                _ = ArrivalProcess.Parse(text, 1, "arrivals");
                return text;
            }),
            Think = SettingFields.Parsed("think", fields.Text("think") ?? "0", text => ThinkTime.Parse(text, "think")),
            Input = ServiceDemand.Around(fields.Length("input")!),
            Output = ServiceDemand.Around(fields.Length("output")!),
            SharedPrefixTokens = fields.Whole("shared-prefix") ?? 0,
        };
    }

    private static ServiceLevel? Level(SettingFields fields)
    {
        double percentile = SettingFields.Parsed("percentile", fields.Text("percentile") ?? "p90", Percentile);
        int confidence = int.Parse(fields.Word("confidence")!, CultureInfo.InvariantCulture);
        return fields.Text("slo") is { } text
            ? ServiceLevel.Of(SettingFields.Parsed("slo", text, Slo.Parse), percentile, confidence)
            : null;
    }

    private static double Percentile(string text) =>
        text.Length > 1 && text[0] is 'p' or 'P'
        && double.TryParse(text.AsSpan(1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value)
        && value is > 0 and <= 100
            ? value
            : throw ApiException.Invalid("percentile", "percentile: it must be p and a number above 0 up to 100, such as p95.");

    private SearchSpace Space(SettingFields fields)
    {
        string? modes = fields.Word("modes");
        return new SearchSpace
        {
            Systems = [.. fields.Texts("on").Select(System)],
            Frameworks =
            [
                .. fields.Texts("framework").Select(text => SettingFields.Parsed("framework", text, given => ServingPrograms.Find(
                    FrameworkCatalog.Find(given, "framework").Name, "framework").Framework)),
            ],
            Weights =
            [
                .. fields.Texts("weights").Select(text => SettingFields.Parsed(
                    "weights", text, given => OfferedFormats.Weights(given, "weights"))),
            ],
            KvCaches = [.. fields.Texts("kv").Select(text => SettingFields.Parsed("kv", text, Cache))],
            Tensor = [.. fields.Wholes("tp")],
            Pipeline = [.. fields.Wholes("pp")],
            Sequences = [.. fields.Wholes("max-num-seqs")],
            StepTokens = [.. fields.Wholes("max-num-batched-tokens")],
            Aggregated = modes is not "disaggregated",
            Disaggregated = modes is not "aggregated",
        };
    }

    private SystemChoice System(string text) => SettingFields.Parsed("on", text, given => SystemChoice.Parse(
        given, name => catalogs.Hardware.TryFind(name) is not null, name => catalogs.Hardware.Find(names.Machine(name, "on")), "on"));

    // What names a file must not be looked for.
    private static string Cache(string text) => text.ToUpperInvariant() switch
    {
        "Q8" => "q8",
        "Q4" => "q4",
        "LOW" or "MED" or "HIGH" => throw ApiException.Unsupported("kv", FilesOfCaches),
        _ when text.AsSpan().IndexOfAny(":/\\") >= 0 => throw ApiException.Unsupported("kv", FilesOfCaches),
        _ => OfferedFormats.KvCache(text, "kv"),
    };
}
