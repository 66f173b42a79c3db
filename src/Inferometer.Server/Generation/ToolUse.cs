using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Inferometer.Inference.Chat.Formats;
using Inferometer.Inference.Constraints;
using Inferometer.Server.Wire;

namespace Inferometer.Server.Generation;

/// <summary>The tools of a request.</summary>
/// <param name="All">Those that the model is told of.</param>
/// <param name="Required">Those of which one must be called; null = none need be.</param>
/// <param name="IsMany">Whether an answer may hold several calls.</param>
internal sealed partial record ToolUse(IReadOnlyList<ToolDeclaration> All, IReadOnlyList<ToolDeclaration>? Required, bool IsMany)
{
    private const string Tools = "tools";
    private const string Choice = "tool_choice";
    private const string Function = "function";
    private const string NoTools = "the model's chat template has no tools; leave them out, or serve a model that calls some.";

    /// <summary>No tools.</summary>
    public static ToolUse None { get; } = new([], Required: null, IsMany: true);

    /// <summary>Reads <c>tools</c>, <c>tool_choice</c> and <c>parallel_tool_calls</c> of OpenAI's chat API.</summary>
    /// <exception cref="ApiException">They are not understood, or the model knows no tools.</exception>
    public static ToolUse Read(RequestFields fields, ChatFormat format)
    {
        List<ToolDeclaration> tools = ReadTools(fields, format);
        bool many = fields.Flag("parallel_tool_calls") ?? true;
        string allowed = $"\"none\", \"auto\", \"required\", or {{\"type\": \"{Function}\", \"{Function}\": {{\"name\": ...}}}}"
            + (tools.Count == 0 ? "; without tools there is nothing to call" : "");
        if (!fields.TryGet(Choice, out JsonElement choice))
        {
            return new ToolUse(tools, Required: null, many);
        }

        if (choice.ValueKind == JsonValueKind.String)
        {
            return fields.StringOf(choice, Choice) switch
            {
                "none" => None,
                "auto" => new ToolUse(tools, Required: null, many),
                "required" when tools.Count > 0 => Requiring(tools, tools, many),
                _ => throw fields.Wrong(Choice, allowed),
            };
        }

        var named = RequestFields.Of(choice, Choice);
        string? name = named.Text("type") is Function ? named.Object(Function)?.Text("name") : null;
        return tools.Find(tool => string.Equals(tool.Name, name, StringComparison.Ordinal)) is { } required
            ? Requiring(tools, [required], many)
            : throw fields.Wrong(Choice, name is null || tools.Count == 0 ? allowed
                : "the name of one of the tools: " + string.Join(", ", tools.Select(tool => tool.Name)));
    }

    /// <summary>Reads <c>tools</c>, <c>tool_choice</c> and <c>parallel_tool_calls</c> of OpenAI's responses API: functions alone.</summary>
    /// <exception cref="ApiException">They are not understood, or the model knows no tools.</exception>
    public static ToolUse ReadResponses(RequestFields fields, ChatFormat format)
    {
        List<ToolDeclaration> tools = ReadTools(fields, format, isFlat: true);
        bool many = fields.Flag("parallel_tool_calls") ?? true;
        const string Allowed = $"\"none\", \"auto\", \"required\", or {{\"type\": \"{Function}\", \"name\": ...}} with a name of the tools";
        if (!fields.TryGet(Choice, out JsonElement choice))
        {
            return new ToolUse(tools, Required: null, many);
        }

        if (choice.ValueKind == JsonValueKind.String)
        {
            return fields.StringOf(choice, Choice) switch
            {
                "none" => None,
                "auto" => new ToolUse(tools, Required: null, many),
                "required" when tools.Count > 0 => Requiring(tools, tools, many, isFlat: true),
                _ => throw fields.Wrong(Choice, Allowed),
            };
        }

        var named = RequestFields.Of(choice, Choice);
        string? name = named.Text("type") is Function ? named.Text("name") : null;
        return tools.Find(tool => string.Equals(tool.Name, name, StringComparison.Ordinal)) is { } required
            ? Requiring(tools, [required], many, isFlat: true)
            : throw fields.Wrong(Choice, Allowed);
    }

    /// <summary>Reads <c>tools</c> of Ollama's API.</summary>
    /// <exception cref="ApiException">They are not understood, or the model knows no tools.</exception>
    public static ToolUse ReadOllama(RequestFields fields, ChatFormat format) =>
        new(ReadTools(fields, format), Required: null, IsMany: true);

    private static ToolUse Requiring(
        List<ToolDeclaration> tools, IReadOnlyList<ToolDeclaration> required, bool many, bool isFlat = false)
    {
        foreach (ToolDeclaration tool in required)
        {
            // What a call must be is made of all of them at once; here the one at fault is named.
            string path = string.Create(
                CultureInfo.InvariantCulture, $"{Tools}[{tools.IndexOf(tool)}]{(isFlat ? "" : "." + Function)}.parameters");
            _ = OutputFormat.Held(path, () => OutputConstraint.FromJsonSchema(tool.Parameters, path));
        }

        return new ToolUse(tools, required, many);
    }

    private static List<ToolDeclaration> ReadTools(RequestFields fields, ChatFormat format, bool isFlat = false)
    {
        List<ToolDeclaration> tools = [];
        if (!fields.TryGet(Tools, out JsonElement list))
        {
            return tools;
        }

        if (list.ValueKind != JsonValueKind.Array)
        {
            throw fields.Wrong(Tools, "a list of tools");
        }

        if (list.GetArrayLength() > 0 && (!format.TakesTools || format.ToolCalls is null))
        {
            throw ApiException.Unsupported(
                Tools, format.TakesTools ? "how this model writes calls is not known; leave them out." : NoTools);
        }

        foreach (JsonElement element in list.EnumerateArray())
        {
            var tool = RequestFields.Of(element, string.Create(CultureInfo.InvariantCulture, $"{Tools}[{tools.Count}]"));
            if (tool.Text("type") is not (null or Function))
            {
                throw tool.Wrong("type", $"\"{Function}\"");
            }

            RequestFields function = isFlat ? tool : tool.Object(Function) ?? throw tool.Wrong(Function, "an object with a name");
            if (!isFlat)
            {
                tool.RequireNothingElse();
            }

            ToolDeclaration declared = ReadFunction(function);
            tools.Add(tools.Exists(other => string.Equals(other.Name, declared.Name, StringComparison.Ordinal))
                ? throw function.Wrong("name", "another one than that of an earlier tool")
                : declared);
        }

        return tools;
    }

    private static ToolDeclaration ReadFunction(RequestFields function)
    {
        string name = function.Text("name") is { } given && Name().IsMatch(given) ? given
            : throw function.Wrong("name", "1 to 128 letters, digits, '_', '-' and '.'");
        string description = function.Text("description") ?? "";
        JsonElement parameters = function.Json("parameters") ?? JsonElement.Parse("""{"type":"object","properties":{}}""");
        const string Allowed = "a JSON schema of an object";
        if (parameters.ValueKind != JsonValueKind.Object)
        {
            throw function.Wrong("parameters", Allowed);
        }

        if (!parameters.TryGetProperty("type", out JsonElement type))
        {
            parameters = JsonBody.Element(json =>
            {
                json.WriteString("type", "object");
                foreach (JsonProperty member in parameters.EnumerateObject())
                {
                    member.WriteTo(json);
                }
            });
        }
        else if (!(type.ValueKind == JsonValueKind.String && type.GetString() is "object"))
        {
            throw function.Wrong("parameters", Allowed);
        }

        // Arguments fulfil the schema where they can be held to it, strict or not; where it must hold, it must be one that can.
        if (function.Flag("strict") is true)
        {
            string path = function.PathOf("parameters");
            _ = OutputFormat.Held(path, () => OutputConstraint.FromJsonSchema(parameters, path));
        }

        function.RequireNothingElse();
        return new ToolDeclaration(name, description, parameters);
    }

    [GeneratedRegex("^[A-Za-z0-9_.-]{1,128}\\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Name();
}
