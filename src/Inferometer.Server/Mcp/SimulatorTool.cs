using System.Text.Json;
using System.Text.Json.Nodes;
using Inferometer.Core;
using Inferometer.Server.Simulator;
using Inferometer.Server.Wire;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Inferometer.Server.Mcp;

/// <summary>One thing that the simulator does, as a tool for language models: its fields are those of the request over HTTP.</summary>
/// <param name="name">Its name.</param>
/// <param name="description">What it does, for a model to choose by.</param>
/// <param name="schema">What its arguments may be.</param>
/// <param name="run">Does it; gives JSON.</param>
internal sealed class SimulatorTool(
    string name, string description, JsonObject schema, Func<JsonElement, CancellationToken, Task<string>> run) : McpServerTool
{
    /// <inheritdoc/>
    public override Tool ProtocolTool { get; } = new()
    {
        Name = name,
        Description = description,
        InputSchema = JsonElement.Parse(schema.ToJsonString()),
        Annotations = new ToolAnnotations { ReadOnlyHint = true, IdempotentHint = true, OpenWorldHint = false },
    };

    /// <inheritdoc/>
    public override IReadOnlyList<object> Metadata => [];

    /// <inheritdoc/>
    public override async ValueTask<CallToolResult> InvokeAsync(
        RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken = default)
    {
        JsonObject arguments = [];
        if (request.Params?.Arguments is { } given)
        {
            foreach ((string field, JsonElement value) in given)
            {
                arguments[field] = JsonNode.Parse(value.GetRawText());
            }
        }

        try
        {
            return Answer(await run(JsonElement.Parse(arguments.ToJsonString()), cancellationToken).ConfigureAwait(false), isError: false);
        }
        catch (Exception error) when (error is ApiException or InferometerException or DoesNotFitException)
        {
            return Answer(error.Message, isError: true); // for the model to read, and to do better
        }
    }

    private static CallToolResult Answer(string text, bool isError) =>
        new() { Content = [new TextContentBlock { Text = text }], IsError = isError };
}
