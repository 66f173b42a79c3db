using System.Text.Json.Nodes;

namespace Inferometer.Inference.Tests.Constraints;

/// <summary>Random JSON schemas of what can be held to; equal seeds give equal schemas.</summary>
internal sealed class RandomSchemas(int seed)
{
    private static readonly string[] Names = ["name", "na", "age", "é", "a b", "x", "tags", "kind", "q\"q"];
    private static readonly string[] Patterns = ["^[a-c]{2,4}$", "^(?:ab|a\"b|\\\\d)+$", "^\\d{3}-\\w+$", "x+y", "^é?[^a-z]{1,3}$",
        "^a|b$"];
    private static readonly string[] Formats = ["date", "time", "date-time", "uuid", "ipv4", "hostname", "email", "uri"];

    private readonly Random _random = new(seed);

    /// <summary>A whole schema, with definitions that name themselves.</summary>
    public JsonObject Next()
    {
        JsonObject schema = (JsonObject)Schema(3);
        schema["$defs"] = new JsonObject
        {
            ["leaf"] = Schema(1),
            ["tree"] = new JsonObject
            {
                ["type"] = "object",
                ["properties"] = new JsonObject
                {
                    ["value"] = Schema(1),
                    ["children"] = new JsonObject { ["type"] = "array", ["maxItems"] = 2, ["items"] = Reference("tree") },
                },
                ["required"] = new JsonArray("value"),
            },
        };
        return schema;
    }

    private static JsonObject Reference(string name) => new() { ["$ref"] = "#/$defs/" + name };

    private JsonNode Schema(int depth)
    {
        switch (_random.Next(depth > 0 ? 21 : 10))
        {
            case 8 when depth == 0:
                return Number();
            case 9 when depth == 0:
                return Not();
            case 0:
                return Text();
            case 1 or 2:
                return Number();
            case 3:
                return new JsonObject { ["type"] = "boolean", ["description"] = "on or off" };
            case 4:
                return new JsonObject { ["type"] = new JsonArray("null", "integer", "string") };
            case 5:
                return new JsonObject
                {
                    ["enum"] = new JsonArray(1, -2.5, "na\"me", null, true, new JsonArray(1, "中"),
                    new JsonObject { ["a"] = "b" })
                };
            case 6:
                return new JsonObject { ["const"] = "Hello\n" };
            case 7:
                return new JsonObject { ["type"] = "string", ["format"] = Pick(Formats) };
            case 8 or 9:
                return Array(depth);
            case 10:
                return new JsonObject { ["anyOf"] = new JsonArray(Schema(depth - 1), Schema(depth - 1)) };
            case 11:
                return new JsonObject { ["oneOf"] = new JsonArray(Tagged("a", depth), Tagged("b", depth), Text()) };
            case 12:
                return new JsonObject
                {
                    ["allOf"] = new JsonArray(Object(depth), new JsonObject
                    {
                        ["required"]
                    = new JsonArray("x"),
                        ["properties"] = new JsonObject { ["x"] = Number() }
                    })
                };
            case 15:
                return Not();
            case 16:
                return Conditional(depth);
            case 17:
                return Different();
            case 18:
                return new JsonObject
                {
                    ["type"] = "array",
                    ["items"] = new JsonObject { ["anyOf"] = new JsonArray(Schema(0), Schema(0)) },
                    ["contains"] = new JsonObject { ["type"] = Pick(["integer", "string", "boolean"]) },
                    ["minContains"] = _random.Next(3),
                };
            case 13 when depth == 3:
                return Reference(Pick(["leaf", "tree"]));
            default:
                return Object(depth);
        }
    }

    private JsonObject Not() => _random.Next(5) switch
    {
        0 => new JsonObject
        {
            ["type"] = "string",
            ["maxLength"] = 1,
            ["not"] = new JsonObject { ["enum"] = new JsonArray("", "a", "\"") },
        },
        1 => new JsonObject
        {
            ["type"] = "integer",
            ["minimum"] = -1,
            ["maximum"] = 3,
            ["not"] = new JsonObject { ["enum"] = new JsonArray(0, 2.0m, 2.5m) },
        },
        2 => new JsonObject { ["not"] = new JsonObject { ["type"] = new JsonArray("object", "number", "string") } },
        3 => new JsonObject { ["enum"] = new JsonArray(1, "a", null, true), ["not"] = new JsonObject { ["const"] = 1.0m } },
        _ => new JsonObject
        {
            ["type"] = new JsonArray("number", "boolean"),
            ["not"] = new JsonObject { ["anyOf"] = new JsonArray(new JsonObject { ["minimum"] = 4 }, new JsonObject { ["const"] = true }) },
        },
    };

    private JsonObject Conditional(int depth)
    {
        JsonObject schema = Object(depth);
        ((JsonObject)schema["properties"]!)["kind"] = new JsonObject { ["enum"] = new JsonArray("a", "b", 3) };
        ((JsonObject)schema["properties"]!)["x"] = new JsonObject { ["type"] = new JsonArray("integer", "null") };
        JsonObject condition = new() { ["properties"] = new JsonObject { ["kind"] = new JsonObject { ["const"] = "a" } } };
        if (_random.Next(2) == 0)
        {
            condition["required"] = new JsonArray("kind");
        }

        schema["if"] = condition;
        schema["then"] = new JsonObject { ["required"] = new JsonArray("x") };
        if (_random.Next(2) == 0)
        {
            schema["else"] = new JsonObject { ["properties"] = new JsonObject { ["x"] = new JsonObject { ["type"] = "null" } } };
        }

        return schema;
    }

    private JsonObject Different() => new()
    {
        ["type"] = "array",
        ["uniqueItems"] = true,
        ["minItems"] = _random.Next(3),
        ["items"] = new JsonObject { ["enum"] = new JsonArray("a", 1, 1.0m, null, "b") },
    };

    private JsonObject Tagged(string tag, int depth)
    {
        JsonObject schema = Object(depth);
        ((JsonObject)schema["properties"]!)["kind"] = new JsonObject { ["const"] = tag };
        schema["required"] = new JsonArray("kind");
        return schema;
    }

    private JsonObject Text()
    {
        JsonObject schema = new() { ["type"] = "string" };
        int least = _random.Next(4);
        if (_random.Next(2) == 0)
        {
            (schema["minLength"], schema["maxLength"]) = (least, least + _random.Next(6));
        }
        else if (_random.Next(2) == 0)
        {
            schema["pattern"] = Pick(Patterns);
        }

        return schema;
    }

    private JsonObject Number()
    {
        JsonObject schema = new() { ["type"] = Pick(["integer", "number"]) };
        decimal low = _random.Next(-2000, 2000) / (decimal)Math.Pow(10, _random.Next(3));
        bool excludes = _random.Next(2) == 0;
        if (_random.Next(3) > 0)
        {
            schema[excludes ? "exclusiveMinimum" : "minimum"] = low;
        }

        if (_random.Next(3) > 0)
        {
            schema[_random.Next(2) == 0 ? "exclusiveMaximum" : "maximum"] = low + 2 + (_random.Next(3000) / 100m);
        }

        if (_random.Next(4) == 0)
        {
            schema["multipleOf"] = Pick([1m, 2m, 3m, 7m, 0.5m, 0.25m, 0.01m, 1.50m]);
        }

        return schema;
    }

    private JsonObject Array(int depth)
    {
        JsonObject schema = new() { ["type"] = "array" };
        int least = _random.Next(3);
        if (_random.Next(2) == 0)
        {
            (schema["minItems"], schema["maxItems"]) = (least, least + _random.Next(3));
        }

        if (_random.Next(2) == 0)
        {
            schema["items"] = Schema(depth - 1);
        }

        if (_random.Next(3) == 0)
        {
            schema["prefixItems"] = new JsonArray(Schema(depth - 1), Schema(depth - 1));
        }

        return schema;
    }

    private JsonObject Object(int depth)
    {
        string[] names = [.. Names.Where(_ => _random.Next(3) == 0)];
        JsonObject properties = [];
        foreach (string name in names)
        {
            properties[name] = Schema(depth - 1);
        }

        JsonObject schema = new()
        {
            ["type"] = "object",
            ["properties"] = properties,
            ["required"] = new JsonArray([.. names.Where(_ => _random.Next(2) == 0).Select(name => (JsonNode)name)]),
        };
        if (_random.Next(4) == 0)
        {
            schema["patternProperties"] = new JsonObject { ["^a"] = Schema(0), ["e$"] = Schema(0), ["x"] = new JsonObject() };
        }

        if (_random.Next(4) == 0)
        {
            schema["minProperties"] = _random.Next(2);
            schema["maxProperties"] = 2 + _random.Next(2);
        }

        if (names.Length > 1 && _random.Next(4) == 0)
        {
            schema["dependentRequired"] = new JsonObject { [names[0]] = new JsonArray(names[1], "x") };
        }

        switch (_random.Next(4))
        {
            case 0:
                schema["additionalProperties"] = false;
                break;
            case 1:
                schema["additionalProperties"] = Schema(0);
                break;
        }

        return schema;
    }

    private T Pick<T>(T[] values) => values[_random.Next(values.Length)];
}
