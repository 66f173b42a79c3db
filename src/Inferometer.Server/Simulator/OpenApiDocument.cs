using System.Text.Json.Nodes;
using Inferometer.Reports.Metrics;
using Inferometer.Server.Description;
using Inferometer.Simulation.Planning;

namespace Inferometer.Server.Simulator;

/// <summary>The OpenAPI document: the simulator's routes, their schemas made from the settings' declarations, and all others.</summary>
internal static class OpenApiDocument
{
    private const string Json = "application/json";

    /// <summary>The document.</summary>
    /// <param name="version">The program's version.</param>
    public static JsonObject Create(string version)
    {
        JsonObject document = OfSimulator(version);
        ServedPaths.AddTo(document);
        return document;
    }

    private static JsonObject OfSimulator(string version) => new()
    {
        ["openapi"] = "3.1.0",
        ["info"] = new JsonObject
        {
            ["title"] = "Inferometer",
            ["version"] = version,
            ["description"] = "The simulator over HTTP: fields are the options of the command line, answers what it prints as JSON. Where "
                + "a model is served, the APIs of OpenAI and Ollama.",
        },
        ["paths"] = new JsonObject
        {
            ["/api/v1/estimate"] = Post("One model on one machine.", Ref("Estimate"), "A simulation's result."),
            ["/api/v1/compare"] = Post(
                "Several estimates side by side; every field that describes one takes a list.", Ref("Compare"), "A row for each.", "array"),
            ["/api/v1/simulate"] = Job(
                "A service that is asked by many, on a virtual clock.", "Simulate", "Its metrics, where they came in time."),
            ["/api/v1/plan"] = Job(
                "Which deployment keeps a service level for a load at the least cost; without a load, what can be served on what there is.",
                "Plan", "The plan, where it came in time."),
            ["/api/v1/validate"] = Job(
                "A table of measurements beside its predictions.", "Validate", "The errors, where they came in time."),
            ["/api/v1/jobs/{id}"] = new JsonObject
            {
                ["parameters"] = new JsonArray(IdParameter()),
                ["get"] = Operation("How a job stands, with its result once it has one.", "The job."),
                ["delete"] = Operation("Cancels a job and forgets it.", null),
            },
            ["/api/v1/jobs/{id}/events"] = new JsonObject
            {
                ["parameters"] = new JsonArray(IdParameter()),
                ["get"] = Operation("Server-sent events: progress, and at last end with the result.", "A stream.", "text/event-stream"),
            },
            ["/api/v1/runs"] = Get("Runs that were kept, the latest first, with their main figures.", "object"),
            ["/api/v1/runs/{id}"] = new JsonObject
            {
                ["parameters"] = new JsonArray(RunParameter("id")),
                ["get"] = Operation("A run with what was asked for, every figure and the values behind them.", "The run."),
            },
            ["/api/v1/runs/{id}/diff/{other}"] = new JsonObject
            {
                ["parameters"] = new JsonArray(RunParameter("id"), RunParameter("other")),
                ["get"] = Operation("Two runs beside each other.", "Figures of both, and what was asked for differently."),
            },
            ["/api/v1/models"] = Get("Models of the catalog."),
            ["/api/v1/models/{name}"] = One("A model of the catalog."),
            ["/api/v1/hardware"] = Get("Machines of the catalog."),
            ["/api/v1/hardware/{name}"] = One("A machine of the catalog."),
            ["/api/v1/features"] = Get("Features of the simulator."),
            ["/api/v1/features/{name}"] = One("A feature of the simulator."),
            ["/api/v1/settings"] = Get("What can be said of an estimate and of a service, with ranges and defaults.", "object"),
            ["/api/v1/openapi.json"] = Get("This document.", "object"),
        },
        ["components"] = new JsonObject
        {
            ["schemas"] = new JsonObject
            {
                ["Estimate"] = EstimateSchema(),
                ["Compare"] = CompareSchema(),
                ["Simulate"] = SimulateSchema(),
                ["Plan"] = PlanSchema(),
                ["Validate"] = ValidateSchema(),
                ["Problem"] = Problem(),
            },
        },
    };

    /// <summary>What an estimate's request may hold.</summary>
    public static JsonObject EstimateSchema()
    {
        JsonObject properties = Deployment(EstimateSettings.All);
        properties["allow-overflow"] = Flag("Answer even where it does not fit in memory.");
        return Body(properties, "model", "on");
    }

    /// <summary>What a comparison's request may hold.</summary>
    public static JsonObject CompareSchema()
    {
        JsonObject lists = [];
        foreach ((string name, JsonNode? schema) in Deployment(EstimateSettings.All))
        {
            bool isAxis = schema!["type"] is not JsonValue type || type.GetValue<string>() is not ("boolean" or "object" or "array");
            lists[name] = isAxis ? SettingSchema.OneOrSeveral(schema.DeepClone().AsObject()) : schema.DeepClone();
        }

        lists["zip"] = Flag("Take the lists in step, first with first, instead of every combination.");
        lists["best"] = new JsonObject
        {
            ["type"] = "string",
            ["enum"] = new JsonArray([.. MetricChoice.Words.Select(word => JsonValue.Create(word))]),
            ["description"] = "What the best rows are chosen by where top is given without sort.",
        };
        lists["sort"] = Text("Order of the rows: " + MetricChoice.OrderHelp + ".");
        lists["filter"] = SettingSchema.OneOrSeveral(
            Text("Leave out rows that do not meet this: " + MetricChoice.FilterHelp + ", such as ttft_ms<500."));
        lists["top"] = new JsonObject { ["type"] = "integer", ["minimum"] = 1, ["description"] = "Rows to keep." };
        return Body(lists, "model", "on");
    }

    /// <summary>What a service's request may hold.</summary>
    public static JsonObject SimulateSchema()
    {
        JsonObject properties = Deployment(EstimateSettings.OfDeployment);
        Add(properties, ServiceSettings.All);
        return Body(properties, "model", "on");
    }

    /// <summary>What a plan's request may hold.</summary>
    public static JsonObject PlanSchema()
    {
        JsonObject properties = new()
        {
            ["model"] = SettingSchema.OneOrSeveral(
                Text("A model of the catalog, by name or alias; without a load also several, or none for all of the catalog.")),
        };
        Add(properties, PlanSettings.All);
        return Body(properties);
    }

    /// <summary>What a request for a comparison with measurements may hold.</summary>
    public static JsonObject ValidateSchema()
    {
        JsonObject properties = new()
        {
            ["measurements"] = Table("Measurements: rows as objects of columns, or a text of comma-separated values with a header. A row "
                + "needs model, system, precision, isl, osl, concurrency, and ttft_ms or tpot_ms; other tables as the command has them."),
            ["against"] = Table("Another tool's predictions for the same rows: id, ttft_ms, tpot_ms."),
            ["sizes"] = Table("In place of measurements: published sizes of files, loaded weights and caches."),
        };
        Add(properties, ValidationReader.Settings);
        return Body(properties);
    }

    private static void Add(JsonObject properties, IEnumerable<ServiceSetting> settings)
    {
        foreach (ServiceSetting setting in settings)
        {
            properties[setting.Name] = SettingSchema.Of(setting);
        }
    }

    private static JsonObject Table(string description) => new()
    {
        ["description"] = description,
        ["anyOf"] = new JsonArray(
            new JsonObject { ["type"] = "array", ["minItems"] = 1, ["items"] = new JsonObject { ["type"] = "object" } },
            new JsonObject { ["type"] = "string" }),
    };

    private static JsonObject RunParameter(string name, string what = "A name, a tag, latest, or the first digits of an id.") => new()
    {
        ["name"] = name,
        ["in"] = "path",
        ["required"] = true,
        ["schema"] = Text(what),
    };

    private static JsonObject Deployment(IEnumerable<EstimateSetting> settings)
    {
        JsonObject properties = new()
        {
            ["model"] = Text("A model of the catalog, by name or alias."),
            ["on"] = new JsonObject
            {
                ["type"] = new JsonArray("string", "object"),
                ["description"] = "A machine of the catalog by name or alias, several with + between them, or figures of your own: "
                    + "Flops (TFLOPS), Memory_size (GB), Memory_BW (GB/s), ICN (GB/s).",
            },
        };
        foreach (EstimateSetting setting in settings)
        {
            properties[setting.Option[2..]] = SettingSchema.Of(setting);
        }

        properties["attention-dp"] = Flag("The dp ranks replicate attention and share the experts.");
        properties["allow-uneven"] = Flag("Price tensor parallelism that does not divide the heads, which frameworks refuse.");
        properties["no-flash-attention"] = Flag("The score matrix goes through memory.");
        properties["features"] = new JsonObject
        {
            ["type"] = "array",
            ["items"] = new JsonObject { ["type"] = "string" },
            ["description"] = "Features beside flash_attention; naming a phase replaces the default, prefill and decode.",
        };
        properties["param"] = new JsonObject
        {
            ["type"] = "object",
            ["description"] = "Parameters of features, such as {\"lora\":{\"rank\":8}}.",
        };
        return properties;
    }

    private static JsonObject Job(string summary, string schema, string answer)
    {
        JsonObject path = Post(summary, Ref(schema), answer);
        JsonObject post = path["post"]!.AsObject();
        post["parameters"] = new JsonArray(new JsonObject
        {
            ["name"] = "wait",
            ["in"] = "query",
            ["description"] = "Seconds to wait for the result before a job is answered with.",
            ["schema"] = new JsonObject
            {
                ["type"] = "integer",
                ["minimum"] = 0,
                ["maximum"] = SimulatorLimits.WaitSeconds,
                ["default"] = 0,
            },
        });
        post["responses"]!["202"] = new JsonObject { ["description"] = "A job to ask for, at Location." };
        return path;
    }

    private static JsonObject Post(string summary, JsonObject schema, string answer, string type = "object")
    {
        JsonObject post = Operation(summary, answer, type: type);
        post["requestBody"] = new JsonObject
        {
            ["required"] = true,
            ["content"] = new JsonObject { [Json] = new JsonObject { ["schema"] = schema } },
        };
        return new JsonObject { ["post"] = post };
    }

    private static JsonObject Get(string summary, string type = "array") => new() { ["get"] = Operation(summary, "A list.", type: type) };

    private static JsonObject One(string summary) => new()
    {
        ["parameters"] = new JsonArray(RunParameter("name", "A name or an alias.")),
        ["get"] = Operation(summary, "What is known of it."),
    };

    private static JsonObject Operation(string summary, string? answer, string media = Json, string type = "object") => new()
    {
        ["summary"] = summary,
        ["responses"] = new JsonObject
        {
            [answer is null ? "204" : "200"] = answer is null
                ? new JsonObject { ["description"] = "Done." }
                : new JsonObject
                {
                    ["description"] = answer,
                    ["content"] = new JsonObject
                    {
                        [media] = new JsonObject { ["schema"] = new JsonObject { ["type"] = media is Json ? type : "string" } },
                    },
                },
            ["default"] = new JsonObject
            {
                ["description"] = "What is wrong, which value, and what is allowed.",
                ["content"] = new JsonObject { ["application/problem+json"] = new JsonObject { ["schema"] = Ref("Problem") } },
            },
        },
    };

    private static JsonObject IdParameter() => new()
    {
        ["name"] = "id",
        ["in"] = "path",
        ["required"] = true,
        ["schema"] = new JsonObject { ["type"] = "string" },
    };

    private static JsonObject Problem() => new()
    {
        ["type"] = "object",
        ["required"] = new JsonArray("title", "status", "detail"),
        ["properties"] = new JsonObject
        {
            ["title"] = Text("The status in words."),
            ["status"] = new JsonObject { ["type"] = "integer" },
            ["detail"] = Text("What is wrong, which value, and what is allowed."),
            ["code"] = Text("A word for programs."),
            ["field"] = Text("The field that is wrong."),
            ["memory_usage"] = new JsonObject { ["type"] = "object", ["description"] = "What it would take, where it does not fit." },
            ["changes"] = new JsonObject
            {
                ["type"] = "array",
                ["items"] = new JsonObject { ["type"] = "object" },
                ["description"] = "Single changes that make it fit: field and value.",
            },
        },
    };

    private static JsonObject Body(JsonObject properties, params string[] required) => new()
    {
        ["type"] = "object",
        ["properties"] = properties,
        ["required"] = new JsonArray([.. required.Select(r => JsonValue.Create(r))]),
        ["additionalProperties"] = false,
    };

    private static JsonObject Text(string description) => new() { ["type"] = "string", ["description"] = description };

    private static JsonObject Flag(string description) => new() { ["type"] = "boolean", ["description"] = description };

    private static JsonObject Ref(string name) => new() { ["$ref"] = $"#/components/schemas/{name}" };
}
