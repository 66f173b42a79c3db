using System.Text.Json;
using Inferometer.Core;
using Inferometer.Inference.Chat.Formats;
using Inferometer.Inference.Constraints;
using Inferometer.Inference.Sampling;
using Inferometer.ModelFiles.Templates;
using Inferometer.Server.Wire;

namespace Inferometer.Server.Generation;

/// <summary>
/// What an answer is to look like: its format, the tools that it may call, and whether the model reasons before it. Read from a request,
/// and made into the prompt, the constraint and the reader that give such an answer.
/// </summary>
internal sealed record AnswerShape
{
    private const string NoFunctions = "the older form of tools is not supported; give tools and tool_choice.";

    /// <summary>What the text is held to.</summary>
    public OutputFormat Format { get; private init; } = OutputFormat.Text;

    /// <summary>Tools that may or must be called.</summary>
    public ToolUse Tools { get; private init; } = ToolUse.None;

    /// <summary>Variables for the chat template.</summary>
    public IReadOnlyDictionary<string, JsonElement> TemplateVariables { get; private init; } =
        new Dictionary<string, JsonElement>(StringComparer.Ordinal);

    /// <summary>Reads the shape from a request of OpenAI's chat API.</summary>
    /// <exception cref="ApiException">It asks for what is not done.</exception>
    public static AnswerShape Read(RequestFields fields, ChatFormat format)
    {
        fields.Refuse("functions", NoFunctions);
        fields.Refuse("function_call", NoFunctions);
        fields.Refuse("reasoning", "give reasoning_effort.");
        AnswerShape shape = new()
        {
            Format = OutputFormat.Read(fields),
            Tools = ToolUse.Read(fields, format),
            TemplateVariables = ReasoningVariables.Read(fields, format),
        };
        return shape.Format.IsGrammar && shape.Tools.All.Count > 0
            ? throw ApiException.Unsupported("tools", "a grammar is the whole answer, which leaves no room for calls; give one of them.")
            : shape;
    }

    /// <summary>Reads the shape from a request for the continuation of a text, which knows neither tools nor templates.</summary>
    /// <exception cref="ApiException">It asks for what is not done.</exception>
    public static AnswerShape ReadForText(RequestFields fields) => new() { Format = OutputFormat.Read(fields) };

    /// <summary>Reads the shape from a request of OpenAI's responses API.</summary>
    /// <exception cref="ApiException">It asks for what is not done.</exception>
    public static AnswerShape ReadResponses(RequestFields fields, ChatFormat format)
    {
        fields.Ignore("max_tool_calls"); // it limits what a service calls by itself, and this one calls nothing
        AnswerShape shape = new() { Tools = ToolUse.ReadResponses(fields, format) };
        if (fields.Object("reasoning") is { } reasoning)
        {
            reasoning.Refuse("summary", "reasoning is not summarised; leave it out.");
            reasoning.Refuse("generate_summary", "reasoning is not summarised; leave it out.");
            shape = shape with { TemplateVariables = ReasoningVariables.OfEffort(reasoning, "effort", format) };
            reasoning.RequireNothingElse();
        }

        if (fields.Object("text") is { } text)
        {
            shape = shape with { Format = OutputFormat.ReadResponses(text) };
            text.RequireNothingElse();
        }

        return shape;
    }

    /// <summary>Reads the shape from a request of Ollama's API.</summary>
    /// <param name="fields">The request.</param>
    /// <param name="format">How the model writes calls and reasoning.</param>
    /// <param name="takesTools">Whether the route has tools.</param>
    /// <exception cref="ApiException">It asks for what is not done.</exception>
    public static AnswerShape ReadOllama(RequestFields fields, ChatFormat format, bool takesTools)
    {
        if (!takesTools)
        {
            fields.Refuse("tools", "only /api/chat takes tools.");
        }

        return new AnswerShape
        {
            Format = OutputFormat.ReadOllama(fields),
            Tools = takesTools ? ToolUse.ReadOllama(fields, format) : ToolUse.None,
            TemplateVariables = ReasoningVariables.ReadOllama(fields, format),
        };
    }

    /// <summary>How a conversation is asked for an answer of this shape.</summary>
    /// <param name="service">The model.</param>
    /// <param name="turns">The conversation.</param>
    /// <param name="addGenerationPrompt">Whether the prompt ends with what makes the model answer.</param>
    /// <param name="addSpecial">Whether the tokens that the model expects in front of a text are added.</param>
    /// <param name="continuesLast">Whether the answer goes on with the last turn.</param>
    /// <exception cref="ApiException">The model's template refuses the conversation, or a schema cannot be held to.</exception>
    public ChatPlan Plan(
        ModelService service, IReadOnlyList<ChatTurn> turns, bool addGenerationPrompt = true, bool addSpecial = true,
        bool continuesLast = false)
    {
        ChatFormat format = service.Format;
        RenderedPrompt prompt;
        int[] tokens;
        try
        {
            prompt = service.Model.Template.Render(
                new ChatPrompt
                {
                    Turns = turns,
                    Tools = ToolDeclaration.VariableOf(Tools.All),
                    Variables = TemplateVariables,
                    FoldsSystemTurn = true,
                    AddGenerationPrompt = addGenerationPrompt,
                    ContinuesLastTurn = continuesLast,
                },
                service.Model.Engine.Tokenizer);
            tokens = prompt.Encode(service.Model.Engine.Tokenizer, addSpecial);
        }
        catch (InferometerException error)
        {
            throw ApiException.Invalid("messages", $"messages: {service.Model.Public(error.Message)}");
        }

        // Without marks to look for, text goes out as it comes; a grammar is the whole answer, marks and all.
        bool isPlain = Format.IsGrammar
            || (Tools.All.Count == 0 && !format.HasReasoning && format.ShownTokens.Count == 0);
        OutputConstraint? constraint = ConstraintFor(prompt, format, service.Model);
        return new ChatPlan
        {
            PromptTokens = tokens,
            Constraint = constraint,
            HoldsCalls = constraint is not null && !isPlain && (Tools.Required is not null || (Tools.All.Count > 0 && format.MarksCalls)),
            ShownTokens = isPlain ? [] : format.ShownTokens,
            Reader = isPlain ? null : streamsCalls => format.Read(prompt, Tools.All, streamsCalls),
            TakesManyCalls = Tools.IsMany,
        };
    }

    /// <summary>The sampling that holds the continuation of a text to this shape.</summary>
    public SamplingOptions Apply(SamplingOptions sampling) => sampling with { Constraint = Format.Constraint };

    private OutputConstraint? ConstraintFor(RenderedPrompt prompt, ChatFormat format, ServedModel model)
    {
        try
        {
            return Tools.Required is { } required ? format.CallsFor(prompt, required, Tools.IsMany)
                : Format.Constraint is null && Tools.All.Count > 0 ? format.MayCallFor(prompt, Tools.All, Tools.IsMany)
                : Format.Constraint is not { } constraint || Format.IsGrammar ? Format.Constraint
                : Tools.All.Count > 0 ? format.CallsFor(prompt, Tools.All, Tools.IsMany, constraint) // the model may call first
                : format.ConstraintFor(prompt, constraint);
        }
        catch (InferometerException error)
        {
            throw ApiException.Invalid("tools", $"tools: {model.Public(error.Message)}");
        }
    }
}
