using System.Globalization;
using System.Text.Json;
using Inferometer.Inference.Engine;
using Inferometer.Inference.Sampling;
using Inferometer.ModelFiles.Templates;
using Inferometer.Server.Generation;
using Inferometer.Server.Wire;

namespace Inferometer.Server.OpenAi;

/// <summary>A request to <c>/v1/responses</c>, checked and ready for the engine.</summary>
internal sealed record ResponseRequest
{
    /// <summary>What the engine is asked.</summary>
    public required GenerationRequest Generation { get; init; }

    /// <summary>Whether the answer is sent in pieces.</summary>
    public required bool Streams { get; init; }

    /// <summary>Instructions given beside the conversation, or null.</summary>
    public required string? Instructions { get; init; }

    /// <summary>What the answer is held to, as it was asked; null = nothing.</summary>
    public required JsonElement? Format { get; init; }

    /// <summary>How the answer is read.</summary>
    public required ChatPlan Plan { get; init; }

    /// <summary>The id of the response.</summary>
    public string Id { get; } = "resp_" + Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture);

    /// <summary>The tools as they were given; null = none.</summary>
    public required JsonElement? Tools { get; init; }

    /// <summary>Which of them were to be called, as it was given; null = the model may choose.</summary>
    public required JsonElement? ToolChoice { get; init; }

    /// <summary>Whether an answer may hold several calls.</summary>
    public required bool TakesManyCalls { get; init; }

    /// <summary>When it was asked, seconds since 1970.</summary>
    public long Created { get; } = DateTimeOffset.UtcNow.ToUnixTimeSeconds();

    /// <summary>Reads one.</summary>
    /// <exception cref="ApiException">It is not one that is answered.</exception>
    public static ResponseRequest Read(JsonElement body, ModelService service)
    {
        var fields = RequestFields.Of(body);
        service.RequireServed(fields);
        var shape = AnswerShape.ReadResponses(fields, service.Format);
        string? instructions = fields.Text("instructions");
        List<ChatTurn> turns = Turns(fields, service, instructions);
        fields.Refuse("previous_response_id", "responses are not stored; send the conversation.");
        fields.Refuse("conversation", "conversations are not stored; send the messages.");
        fields.Refuse("background", "answers are given at once.");
        fields.Refuse("prompt", "prompts are not stored; send the text.");
        if (fields.Text("truncation") is { } truncation and not "disabled")
        {
            throw ApiException.Unsupported("truncation", $"'{truncation}' is not done; what is too long is refused.");
        }

        fields.Refuse("include", "there is nothing to include.");
        fields.Ignore(IdleFields.Bookkeeping);
        bool streams = fields.Flag("stream") ?? false;
        if (fields.Object("stream_options") is { } options)
        {
            options.Ignore("include_obfuscation");
            options.RequireNothingElse();
        }

        int? limit = fields.Count("max_output_tokens", 1);
        SamplingOptions sampling = SamplingReader.Read(fields, service.Model, isChat: true);
        fields.RequireNothingElse();
        ChatPlan plan = shape.Plan(service, turns);
        return new ResponseRequest
        {
            Plan = plan,
            Generation = plan.Apply(new GenerationRequest
            {
                MaxNewTokens = limit,
                Sampling = sampling,
                Timeout = service.Limits.RequestTimeout,
                Adapter = service.Model.Adapter,
            }),
            Streams = streams,
            Instructions = instructions,
            Format = shape.Format.Given,
            Tools = fields.TryGet("tools", out JsonElement tools) ? tools.Clone() : null,
            ToolChoice = fields.TryGet("tool_choice", out JsonElement choice) ? choice.Clone() : null,
            TakesManyCalls = shape.Tools.IsMany,
        };
    }

    private static List<ChatTurn> Turns(RequestFields fields, ModelService service, string? instructions)
    {
        if (!fields.TryGet("input", out JsonElement input))
        {
            throw fields.Wrong("input", "a string, or a list of items");
        }

        List<ChatTurn> turns = input.ValueKind == JsonValueKind.String
            ? [new ChatTurn(ChatTurn.User, fields.StringOf(input, "input"))]
            : ResponseInput.Read(fields, input, service.Format);
        return Conversation.WithSystem(turns, instructions is null ? [] : [instructions]);
    }
}
