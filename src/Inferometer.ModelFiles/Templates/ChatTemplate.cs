using System.Text.Json;
using Inferometer.Core;
using Inferometer.ModelFiles.Templates.Jinja;
using Inferometer.ModelFiles.Templates.Jinja.Values;
using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.ModelFiles.Templates;

/// <summary>
/// Writes a conversation as the text a chat model was trained on, by running the model's own Jinja template. The text goes through
/// <see cref="Tokenizer.Encode"/> with special tokens added and parsed: whether the template writes the token that begins a text, the
/// tokenizer adds it, or both do, it comes out once. Immutable and thread-safe.
/// </summary>
public sealed class ChatTemplate
{
    /// <summary>The format used for models without a chat template of their own: each turn after the name of its role.</summary>
    public const string PlainName = "plain";

    private const string DefaultName = "default";

    // Hugging Face's name of the template that is used when tools are given.
    private const string ToolUseName = "tool_use";

    // SmolLM3's name of the tools whose calls are JSON between tags.
    private const string XmlToolsName = "xml_tools";
    private const string TemplateExtension = ".jinja";

    // A character that Unicode keeps free for programs' own use; guards (PromptGuard) begin at the other end of these.
    private const char ContinueMark = '\uFDEF';

    private readonly JinjaTemplate _template;
    private readonly Lazy<JinjaTemplate>? _withTools;
    private readonly IReadOnlyDictionary<string, string> _specialTokens;
    private readonly Lazy<TemplateTraits> _traits;

    private ChatTemplate(string name, JinjaTemplate template, Lazy<JinjaTemplate>? withTools = null, Tokenizer? tokenizer = null)
    {
        Name = name;
        _template = template;
        _withTools = withTools;
        _specialTokens = tokenizer?.SpecialTokens ?? new Dictionary<string, string>(StringComparer.Ordinal);
        _traits = new Lazy<TemplateTraits>(() => tokenizer is null ? TemplateTraits.None : TemplateTraits.Of(this, tokenizer));
    }

    /// <summary>The names of the built-in templates, for models that come without one.</summary>
    public static IReadOnlyList<string> Names => BuiltInTemplates.Names;

    /// <summary>The name it was asked for by, or <c>stored with the model</c>.</summary>
    public string Name { get; }

    /// <summary>The Jinja source of what is run when tools are given.</summary>
    public string Source => (_withTools?.Value ?? _template).Source;

    /// <summary>Text at which an answer ends though the model gave no end token; empty for templates with end tokens.</summary>
    public IReadOnlyList<string> StopStrings => BuiltInTemplates.StopStrings(Name);

    /// <summary>
    /// The tokens that the template writes after an answer, so that an answer ends at them: what stands behind the last turn of a rendered
    /// conversation, else what stands behind an earlier one. Empty without a tokenizer, and where the template closes turns with text.
    /// </summary>
    public IReadOnlyList<int> EndTokens => _traits.Value.EndTokens;

    /// <summary>Whether the template itself writes the token that begins a text.</summary>
    public bool WritesBos => _traits.Value.WritesBos;

    /// <summary>
    /// The template of a name: one of several stored with the model, a built-in one of <see cref="Names"/>, or a file, whose path ends in
    /// <c>.jinja</c>.
    /// </summary>
    /// <param name="name">Name or path.</param>
    /// <param name="tokenizer">The model's tokenizer: its stored templates, and the special tokens a template may name.</param>
    /// <exception cref="InferometerException">The name is not known, the file cannot be read, or it holds no template.</exception>
    public static ChatTemplate Get(string name, Tokenizer? tokenizer = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (tokenizer?.ChatTemplates.TryGetValue(name, out string? stored) == true)
        {
            return new ChatTemplate(name, Stored(tokenizer, name, stored), tokenizer: tokenizer);
        }

        if (BuiltInTemplates.Find(name) is { } builtIn)
        {
            return new ChatTemplate(name, builtIn, tokenizer: tokenizer);
        }

        if (name.EndsWith(TemplateExtension, StringComparison.OrdinalIgnoreCase))
        {
            return new ChatTemplate(name, JinjaTemplate.Parse(ReadFile(name), name), tokenizer: tokenizer);
        }

        string[] known = [.. Names, .. tokenizer?.ChatTemplates.Keys ?? []];
        throw new InferometerException(
            $"Chat template '{name}' is not known; known are {string.Join(", ", known)}, or the path of a .jinja "
                + $"file.{NameSuggestion.For(name, known)}");
    }

    /// <summary>A template from its Jinja source.</summary>
    /// <param name="source">The source.</param>
    /// <param name="name">What messages call it.</param>
    /// <param name="tokenizer">Gives the special tokens it may name.</param>
    /// <exception cref="InferometerException">The source is no template; names line and column.</exception>
    public static ChatTemplate Parse(string source, string name, Tokenizer? tokenizer = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(name);
        return new ChatTemplate(name, JinjaTemplate.Parse(source, name), tokenizer: tokenizer);
    }

    /// <summary>The template of a model: its own where it has one, otherwise <see cref="PlainName"/>.</summary>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="note">Told when the model has no template and its turns are written plainly.</param>
    /// <exception cref="InferometerException">The model's own template is none.</exception>
    public static ChatTemplate For(Tokenizer tokenizer, Action<string>? note = null)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        if (tokenizer.ChatTemplateText is not { } source)
        {
            note?.Invoke($"{tokenizer.Source}: the model has no chat template; its roles are written as plain names.");
            return Get(PlainName, tokenizer);
        }

        Lazy<JinjaTemplate>? withTools = tokenizer.ChatTemplates.TryGetValue(ToolUseName, out string? toolUse)
            ? new Lazy<JinjaTemplate>(() => Stored(tokenizer, ToolUseName, toolUse))
            : null;
        return new ChatTemplate("stored with the model", Stored(tokenizer, DefaultName, source), withTools, tokenizer);
    }

    /// <summary>
    /// The text of a conversation. A system turn that the template refuses stands in front of the first user turn instead.
    /// </summary>
    /// <param name="turns">At least one turn.</param>
    /// <param name="addGenerationPrompt">Ends with what makes the model answer.</param>
    /// <exception cref="InferometerException">No turns, or the template fails or refuses the conversation; names line and
    /// column.</exception>
    public string Render(IReadOnlyList<ChatTurn> turns, bool addGenerationPrompt = true) =>
        Render(new ChatPrompt { Turns = turns, AddGenerationPrompt = addGenerationPrompt, FoldsSystemTurn = true });

    /// <summary>The text of a conversation with all that a template can be given.</summary>
    /// <param name="prompt">The conversation, tools, documents and variables.</param>
    /// <param name="cancellationToken">Ends the rendering early.</param>
    /// <exception cref="InferometerException">No turns, or the template fails or refuses the conversation; names line and
    /// column.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public string Render(ChatPrompt prompt, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        if (prompt.Turns.Count == 0)
        {
            throw new InferometerException("A conversation needs at least one turn.");
        }

        JinjaTemplate template = prompt.Tools is { ValueKind: JsonValueKind.Array } && _withTools is { } withTools
            ? withTools.Value
            : _template;
        try
        {
            return template.Render(Variables(prompt), prompt.Clock, cancellationToken: cancellationToken);
        }
        catch (InferometerException error)
            when (prompt.FoldsSystemTurn && error.InnerException is JinjaException { IsRaisedByTemplate: true }
            && Folded(prompt.Turns) is { } folded)
        {
            return template.Render(Variables(prompt with { Turns = folded }), prompt.Clock, cancellationToken: cancellationToken);
        }
    }

    /// <summary>
    /// The text of a conversation, in whose tokens nothing that came from outside is a control token.
    /// </summary>
    /// <param name="prompt">The conversation, tools, documents and variables.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="cancellationToken">Ends the rendering early.</param>
    /// <exception cref="InferometerException">No turns, or the template fails or refuses the conversation; names line and
    /// column.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public RenderedPrompt Render(ChatPrompt prompt, Tokenizer tokenizer, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        ArgumentNullException.ThrowIfNull(tokenizer);
        prompt = prompt.ContinuesLastTurn ? Open(prompt) : prompt;
        (ChatPrompt guarded, char? guard) = PromptGuard.Apply(prompt, tokenizer);
        string text = Render(guarded, cancellationToken);
        return new RenderedPrompt(prompt.ContinuesLastTurn ? UpToMark(text) : text, guard);
    }

    /// <summary>The conversation with a mark behind the text that is to be gone on with: what follows it when rendered is cut.</summary>
    private static ChatPrompt Open(ChatPrompt prompt)
    {
        ChatTurn last = prompt.Turns is [.., { Members: null, Content.Length: > 0 } turn] && !prompt.AddGenerationPrompt
            ? turn
            : throw new InferometerException(
                "A conversation is continued within its last turn where that is a text alone and no generation prompt is added.");
        return prompt with { Turns = [.. prompt.Turns.SkipLast(1), last with { Content = last.Content + ContinueMark }] };
    }

    private static string UpToMark(string text)
    {
        int mark = text.LastIndexOf(ContinueMark);
        return mark >= 0 ? text[..mark]
            : throw new InferometerException("The chat template does not write the last turn as it is, so that it cannot be continued.");
    }

    private static List<ChatTurn>? Folded(IReadOnlyList<ChatTurn> turns)
    {
        int user = 0;
        while (user < turns.Count && turns[user].Role is not ChatTurn.User)
        {
            user++;
        }

        if (turns[0].Role is not ChatTurn.System || user == turns.Count || turns[0].Members is not null || turns[user].Members is not null)
        {
            return null;
        }

        List<ChatTurn> folded = [.. turns];
        folded[user] = turns[user] with { Content = turns[0].Content + "\n\n" + turns[user].Content };
        folded.RemoveAt(0);
        return folded;
    }

    private IEnumerable<KeyValuePair<string, JinjaValue>> Variables(ChatPrompt prompt)
    {
        JinjaValue Given(JsonElement? element) => element is { } value ? JsonValues.From(value) : NoneValue.Instance;
        foreach ((string name, string text) in _specialTokens)
        {
            yield return KeyValuePair.Create(name, (JinjaValue)new StringValue(text));
        }

        // As in transformers these three are always defined, None where nothing was given.
        yield return KeyValuePair.Create("messages", (JinjaValue)new ListValue([.. prompt.Turns.Select(Message)]));
        yield return KeyValuePair.Create("tools", Given(prompt.Tools));
        if (prompt.Tools is not null && !prompt.Variables.ContainsKey(XmlToolsName))
        {
            yield return KeyValuePair.Create(XmlToolsName, Given(prompt.Tools));
        }

        yield return KeyValuePair.Create("documents", Given(prompt.Documents));
        yield return KeyValuePair.Create("add_generation_prompt", (JinjaValue)BooleanValue.Of(prompt.AddGenerationPrompt));
        foreach ((string name, JsonElement value) in prompt.Variables)
        {
            yield return KeyValuePair.Create(name, JsonValues.From(value));
        }
    }

    private static JinjaValue Message(ChatTurn turn)
    {
        OrderedDictionary<JinjaValue, JinjaValue> items = MappingValue.NewItems();
        if (turn.Members is { } whole && whole.TryGetProperty("role", out _))
        {
            return JsonValues.From(whole);
        }

        items[new StringValue("role")] = new StringValue(turn.Role);
        items[new StringValue("content")] = new StringValue(turn.Content);
        if (turn.Members is { } members)
        {
            foreach (JsonProperty member in members.EnumerateObject())
            {
                items[new StringValue(member.Name)] = JsonValues.From(member.Value);
            }
        }

        return new MappingValue(items);
    }

    private static JinjaTemplate Stored(Tokenizer tokenizer, string name, string source) =>
        JinjaTemplate.Parse(source, $"{tokenizer.Source}: chat template{(name is DefaultName ? "" : $" '{name}'")}");

    private static string ReadFile(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InferometerException($"Chat template '{path}' cannot be read: {FileFault.Describe(error, path)}", error);
        }
    }
}
