using System.Text.Json;
using System.Text.RegularExpressions;

namespace Inferometer.Inference.Chat.Formats;

/// <summary>How the models of a template write calls: one entry of catalog/chat/formats.json, which says what the members are.</summary>
internal sealed partial record ToolCallSyntax
{
    public required string Name { get; init; }

    public required ToolCallForm Form { get; init; }

    public required IReadOnlyList<string> When { get; init; }

    public required IReadOnlyList<string> Unless { get; init; }

    public string? SectionOpen { get; init; }

    public string? SectionClose { get; init; }

    public string? Open { get; init; }

    public string? Close { get; init; }

    public bool IsList { get; init; }

    public bool OnLines { get; init; }

    public string NameKey { get; init; } = "name";

    public string ArgumentsKey { get; init; } = "arguments";

    public string? IdKey { get; init; }

    public string BeforeName { get; init; } = "";

    public string NamePrefix { get; init; } = "";

    public bool HasNameIndex { get; init; }

    public string AfterName { get; init; } = "";

    public string? IdMark { get; init; }

    public string BeforeKey { get; init; } = "";

    public string AfterKey { get; init; } = "";

    public string? BeforeValue { get; init; }

    public string AfterValue { get; init; } = "";

    public string? NestedMark { get; init; }

    public string HeaderOpen { get; init; } = "";

    public string HeaderTo { get; init; } = "";

    public string HeaderEnd { get; init; } = "";

    public string Everyone { get; init; } = "";

    public string Self { get; init; } = "";

    public IReadOnlyList<string> Ends { get; init; } = [];

    public string QuoteMark { get; init; } = "";

    /// <summary>The text that shows that calls begin.</summary>
    public string? Trigger => SectionOpen ?? Open ?? (BeforeName.Length > 0 ? BeforeName : null);

    /// <summary>The text that ends them; null = the end of the answer.</summary>
    public string? End => SectionOpen is not null ? SectionClose : string.IsNullOrEmpty(Close) ? null : Close;

    /// <summary>Whether a call may be the whole answer, with nothing before it.</summary>
    public bool IsBare => Form == ToolCallForm.Bare || (Form == ToolCallForm.Python && Open is null);

    /// <summary>Whether an answer that is a call may begin with a letter.</summary>
    public bool MayBegin(char letter) => letter == '[' || (letter == '{' && Form == ToolCallForm.Bare);

    /// <summary>Everything that may be a control token of the vocabulary, and is to be seen in an answer.</summary>
    public IEnumerable<string> Marks =>
        new[] { SectionOpen, SectionClose, Open, Close, BeforeName, AfterName, IdMark, BeforeKey, AfterKey, BeforeValue, AfterValue,
            NestedMark, QuoteMark, HeaderOpen, HeaderEnd }
            .OfType<string>().Concat(Ends);

    public bool Fits(string template) =>
        When.All(text => template.Contains(text, StringComparison.Ordinal)) && !Unless.Any(text =>
            template.Contains(text, StringComparison.Ordinal));

    /// <summary>The tool's name, and the call's id, of what is written where the name is.</summary>
    public (string? Id, string Name) SplitId(string name)
    {
        string? id = null;
        if (IdMark is { } mark && name.IndexOf(mark, StringComparison.Ordinal) is var at and >= 0)
        {
            (name, id) = (name[..at].Trim(), name[(at + mark.Length)..].Trim());
        }

        if (HasNameIndex && Index().Match(name) is { Success: true } index)
        {
            id = name; // Kimi's ids are name and number
            name = name[..index.Index];
        }

        return (id, name.StartsWith(NamePrefix, StringComparison.Ordinal) ? name[NamePrefix.Length..] : name);
    }

    [GeneratedRegex(":[0-9]+$", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Index();

    public static ToolCallSyntax Read(JsonElement entry)
    {
        return new ToolCallSyntax
        {
            Name = Text("name")!,
            Form = Enum.Parse<ToolCallForm>(Text("form")!, ignoreCase: true),
            When = Texts("when"),
            Unless = Texts("unless"),
            SectionOpen = Text("section_open"),
            SectionClose = Text("section_close"),
            Open = Text("open"),
            Close = Text("close"),
            IsList = Flag("is_list"),
            OnLines = Flag("on_lines"),
            NameKey = Text("name_key") ?? "name",
            ArgumentsKey = Text("arguments_key") ?? "arguments",
            IdKey = Text("id_key"),
            BeforeName = Text("before_name") ?? "",
            NamePrefix = Text("name_prefix") ?? "",
            HasNameIndex = Flag("name_index"),
            AfterName = Text("after_name") ?? "",
            IdMark = Text("id_mark"),
            BeforeKey = Text("before_key") ?? "",
            AfterKey = Text("after_key") ?? "",
            BeforeValue = Text("before_value"),
            AfterValue = Text("after_value") ?? "",
            NestedMark = Text("nested_mark"),
            HeaderOpen = Text("header_open") ?? "",
            HeaderTo = Text("header_to") ?? "",
            HeaderEnd = Text("header_end") ?? "",
            Everyone = Text("everyone") ?? "",
            Self = Text("self") ?? "",
            Ends = Texts("ends"),
            QuoteMark = Text("quote_mark") ?? "",
        };

        string? Text(string member) => entry.TryGetProperty(member, out JsonElement value) ? value.GetString() : null;

        bool Flag(string member) => entry.TryGetProperty(member, out JsonElement value) && value.GetBoolean();

        string[] Texts(string member) =>
            entry.TryGetProperty(member, out JsonElement list) ? [.. list.EnumerateArray().Select(text => text.GetString()!)] : [];
    }
}
