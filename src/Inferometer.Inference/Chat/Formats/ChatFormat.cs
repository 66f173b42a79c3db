using System.Text.Json;
using System.Text.RegularExpressions;
using Inferometer.Core;
using Inferometer.Inference.Constraints;
using Inferometer.ModelFiles.Templates;
using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.Inference.Chat.Formats;

/// <summary>
/// How the models of a chat template write what is more than text: calls of tools, and reasoning. Known from the template's own text
/// (catalog/chat/formats.json). Immutable and thread-safe.
/// </summary>
public sealed partial class ChatFormat
{
    private const string Probe = "gulls";

    private static readonly JsonElement AnyObject = JsonElement.Parse("""{"type":"object"}""");

    private readonly ChatTemplate _template;
    private readonly Tokenizer _tokenizer;
    private readonly Lazy<bool> _takesArgumentsAsText;

    private ChatFormat(ChatTemplate template, Tokenizer tokenizer)
    {
        _template = template;
        _tokenizer = tokenizer;
        string source = template.Source;
        TakesTools = ToolsVariable().IsMatch(source);
        Syntax = FormatCatalog.Syntaxes.FirstOrDefault(syntax => syntax.Fits(source))
            ?? FormatCatalog.Syntaxes.FirstOrDefault(syntax => syntax.Trigger is { } mark && tokenizer.TryGetId(mark, out _));
        Reasoning = FormatCatalog.Reasoning.FirstOrDefault(tags => source.Contains(tags.When, StringComparison.Ordinal))
            ?? FormatCatalog.Reasoning.FirstOrDefault(tags =>
                tokenizer.TryGetId(tags.Open, out _) && tokenizer.TryGetId(tags.Close, out _));
        ShownTokens =
        [
            .. new[] { Reasoning?.Open, Reasoning?.Close }.Concat(Syntax?.Marks ?? []).Concat(FormatCatalog.LeftOut)
                .Concat(Syntax is { Form: ToolCallForm.Harmony } ? HarmonyMarks : []).OfType<string>()
                .SelectMany(tokenizer.ControlTokensIn).Distinct().Where(id => !tokenizer.IsEndOfGeneration(id)),
        ];
        _takesArgumentsAsText = new Lazy<bool>(ProbeArguments);
    }

    private static string[] HarmonyMarks => ["<|channel|>", "<|message|>", "<|start|>", "<|end|>", "<|constrain|>", "<|call|>",
        "<|return|>"];

    /// <summary>Whether the template writes tools that it is given.</summary>
    public bool TakesTools { get; }

    /// <summary>Name of the way in which calls of tools are written; null where none is known.</summary>
    public string? ToolCalls => Syntax?.Name;

    /// <summary>Whether a call begins with something that no text does, so that it can be told from one at once.</summary>
    public bool MarksCalls => Syntax is { Form: ToolCallForm.Harmony } or { Form: not ToolCallForm.Bare, Trigger: not null };

    /// <summary>Whether reasoning is told apart from the answer.</summary>
    public bool HasReasoning => Reasoning is not null || Syntax is { Form: ToolCallForm.Harmony } or { Self.Length: > 0 };

    /// <summary>Control tokens that belong to what <see cref="Read"/> takes: those of marks around reasoning and calls.</summary>
    public IReadOnlyList<int> ShownTokens { get; }

    internal ToolCallSyntax? Syntax { get; }

    internal ReasoningTags? Reasoning { get; }

    /// <summary>Whether the template wants arguments of earlier calls as JSON text rather than as an object.</summary>
    public bool TakesArgumentsAsText => _takesArgumentsAsText.Value;

    /// <summary>The format of a template.</summary>
    public static ChatFormat For(ChatTemplate template, Tokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(template);
        ArgumentNullException.ThrowIfNull(tokenizer);
        return new ChatFormat(template, tokenizer);
    }

    /// <summary>A reader of the answer to a prompt.</summary>
    /// <param name="prompt">The prompt: whether it ends inside of reasoning decides how the answer begins.</param>
    /// <param name="tools">The tools that were given; without any, nothing is read as a call.</param>
    /// <param name="streamsCalls">Give calls out while they are being written, as <see cref="AnswerReader"/> says.</param>
    public AnswerReader Read(RenderedPrompt prompt, IReadOnlyList<ToolDeclaration> tools, bool streamsCalls = false)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        ArgumentNullException.ThrowIfNull(tools);
        return new AnswerReader(this, prompt.Text, tools, streamsCalls);
    }

    /// <summary>
    /// What an answer must be where its text must fulfil a constraint: JSON may have reasoning before it. A grammar holds for the whole
    /// output.
    /// </summary>
    public OutputConstraint ConstraintFor(RenderedPrompt prompt, OutputConstraint constraint)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        ArgumentNullException.ThrowIfNull(constraint);
        return HasReasoning && constraint.Schema is { } schema ? AnswerGrammar.Json(this, prompt.Text, schema) : constraint;
    }

    /// <summary>What an answer must be that calls tools; reasoning may come before it.</summary>
    /// <param name="prompt">The prompt.</param>
    /// <param name="tools">The tools that may be called: one or more.</param>
    /// <param name="many">Whether there may be several calls.</param>
    /// <param name="orJson">JSON that it may be instead; null = it must call.</param>
    /// <exception cref="InferometerException">The schema of a tool cannot be held to, or how calls are written is not known.</exception>
    public OutputConstraint CallsFor(
        RenderedPrompt prompt, IReadOnlyList<ToolDeclaration> tools, bool many, OutputConstraint? orJson = null)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        ArgumentNullException.ThrowIfNull(tools);
        if (Syntax is null)
        {
            throw new InferometerException($"chat: how the models of the chat template ({_template.Name}) write calls is not known.");
        }

        return orJson is null || orJson.Schema is not null ? AnswerGrammar.Calls(this, prompt.Text, tools, many, orJson?.Schema)
            : throw new InferometerException("chat: an answer may be calls of tools or JSON, not calls or a text of a grammar.");
    }

    /// <summary>
    /// What an answer must be that may call tools or not: any text, but where it begins like a call, that call is one of a tool with
    /// arguments of its schema. A tool whose schema cannot be held to may be called with any object.
    /// </summary>
    /// <param name="prompt">The prompt.</param>
    /// <param name="tools">The tools that may be called: one or more.</param>
    /// <param name="many">Whether there may be several calls.</param>
    /// <returns>Null where the models of the template do not mark the beginning of a call.</returns>
    public OutputConstraint? MayCallFor(RenderedPrompt prompt, IReadOnlyList<ToolDeclaration> tools, bool many)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        ArgumentNullException.ThrowIfNull(tools);
        int[] marks = Syntax?.Trigger is { } trigger ? [.. _tokenizer.ControlTokensIn(trigger)] : [];
        return AnswerGrammar.MayCall(
            this, prompt.Text, [.. tools.Select(tool => tool.IsHoldable ? tool : tool with { Parameters = AnyObject })], many,
            [.. ShownTokens.Except(marks)]);
    }

    /// <summary>
    /// The variables that turn reasoning on or off: those that the template knows of the usual ones.
    /// </summary>
    /// <exception cref="InferometerException">It knows none.</exception>
    public IReadOnlyDictionary<string, JsonElement> ThinkingVariables(bool isOn)
    {
        JsonElement value = JsonElement.Parse(isOn ? "true" : "false");
        string[] known = [.. new[] { "enable_thinking", "thinking" }.Where(
            name => IsNamed(name))];
        return known.Length > 0
            ? known.ToDictionary(name => name, _ => value, StringComparer.Ordinal)
            : throw new InferometerException(
                $"chat: the chat template ({_template.Name}) has no variable that turns reasoning on or off (enable_thinking, thinking).");
    }

    private bool IsNamed(string variable) =>
        Regex.IsMatch(_template.Source, $@"\b{variable}\b", RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));

    /// <summary>Renders a call and looks: where an object fails or comes out as Python prints it, text is wanted.</summary>
    private bool ProbeArguments()
    {
        string? text = Rendered("\"{\\\"q\\\": \\\"" + Probe + "\\\"}\"");
        string? json = Rendered("{\"q\": \"" + Probe + "\"}");
        return text is not null && (json is null || !json.Contains(Probe, StringComparison.Ordinal)
            || json.Contains("{'q'", StringComparison.Ordinal));

        string? Rendered(string arguments)
        {
            JsonElement call = JsonElement.Parse(
                $$$"""{"tool_calls":[{"id":"aaaaaaaaa","type":"function","function":{"name":"f","arguments":{{{arguments}}}}}]}""");
            try
            {
                return _template.Render(new ChatPrompt
                {
                    Turns = [new(ChatTurn.User, "Which birds?"), new(ChatTurn.Assistant, "") { Members = call }],
                    Tools = JsonElement.Parse(
                        """[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object","properties":{"q":{"type":"string","description":"d"}}}}}]"""),
                    AddGenerationPrompt = false,
                });
            }
            catch (InferometerException)
            {
                return null;
            }
        }
    }

    [GeneratedRegex(@"\b(xml_)?tools\b", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ToolsVariable();
}
