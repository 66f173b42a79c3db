using System.Text;
using Inferometer.Inference.Chat.Formats;

namespace Inferometer.Inference.Chat.Fuzzing;

/// <summary>Answers as models write them, in every format of calls: two calls where the format has several, text and reasoning
/// around.</summary>
internal static class AnswerSeeds
{
    private const string City = "Oslo \"W\"";

    /// <summary>How reasoning is marked.</summary>
    public static ReasoningTags Reasoning { get; } = FormatCatalog.Reasoning[0];

    /// <summary>An answer in each format, behind two bytes: which format, and where it is cut.</summary>
    public static IReadOnlyList<byte[]> All() =>
    [
        .. Enumerable.Range(0, FormatCatalog.Syntaxes.Count + 1).Select(i =>
            (byte[])[(byte)i, (byte)(i * 7), .. Encoding.UTF8.GetBytes(Answer(SyntaxOf((byte)i)))]),
    ];

    /// <summary>The format of a first byte; null = no calls.</summary>
    public static ToolCallSyntax? SyntaxOf(byte first) =>
        first % (FormatCatalog.Syntaxes.Count + 1) is var i && i < FormatCatalog.Syntaxes.Count ? FormatCatalog.Syntaxes[i] : null;

    /// <summary>What the answer goes on from.</summary>
    public static string PromptOf(ToolCallSyntax? syntax) => syntax?.Form switch
    {
        ToolCallForm.Harmony => "<|start|>assistant",
        _ => "",
    };

    private static string Answer(ToolCallSyntax? syntax)
    {
        if (syntax is null)
        {
            return "<think>\nHm.\n</think>\n\nIt rains <here>.";
        }

        string arguments = """{"city": "Oslo \"W\"", "days": 3, "at": ["a", "b"]}""";
        return syntax.Form switch
        {
            ToolCallForm.Harmony => "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>commentary "
                + $"to=functions.get_weather <|constrain|>json<|message|>{arguments}<|call|>",
            ToolCallForm.Bare => Json(syntax, arguments),
            ToolCallForm.Pairs => $"<think>Hm.</think>{syntax.Open}{syntax.NamePrefix}get_weather"
                + $"{{city:{syntax.QuoteMark}Oslo{syntax.QuoteMark},days:3,at:[{syntax.QuoteMark}a{syntax.QuoteMark}]}}{syntax.Close}",
            ToolCallForm.Recipients => Header(syntax, syntax.Everyone) + "Well." + string.Concat(syntax.Ends)
                + Header(syntax, "get_weather") + (syntax.BeforeName.Length == 0 ? arguments : Section(syntax, Members(syntax))),
            ToolCallForm.Python => $"{syntax.Open}[get_weather(city='Oslo', days=3, at=[\"a\"]), now()]{syntax.Close}",
            ToolCallForm.Named => "<think>Hm.</think>Well. " + Section(
                syntax, Named(syntax, "get_weather", arguments) + Named(syntax, "now", "{}")),
            ToolCallForm.Members => "<think>Hm.</think>Well. " + Section(syntax, Members(syntax)),
            _ => "<think>Hm.</think>Well. " + syntax.Open + (syntax.IsList ? $"[{Json(syntax, arguments)}, {Json(syntax, "{}")}]"
                : Json(syntax, arguments)) + syntax.Close,
        };
    }

    private static string Header(ToolCallSyntax syntax, string name) =>
        syntax.HeaderOpen + syntax.HeaderTo + name + syntax.HeaderEnd;

    private static string Section(ToolCallSyntax syntax, string calls) => syntax.SectionOpen + calls + syntax.SectionClose;

    private static string Json(ToolCallSyntax syntax, string arguments) => syntax.NameKey.Length == 0 ? $$"""{"get_weather": {{arguments}}}"""
        : $$"""{"{{syntax.NameKey}}": "get_weather", "{{syntax.ArgumentsKey}}": {{arguments}}, "id": "abcdefghi"}""";

    private static string Named(ToolCallSyntax syntax, string name, string arguments) =>
        syntax.BeforeName + syntax.NamePrefix + name + (syntax.HasNameIndex ? ":0" : "") + syntax.AfterName + arguments + syntax.Close;

    private static string Members(ToolCallSyntax syntax)
    {
        string[] members =
        [
            Member(syntax, "city", City, "string"), Member(syntax, "days", "3", "number"), Member(syntax, "at", "[\"a\"]", "array"),
        ];
        return $"\n{syntax.BeforeName}get_weather{Filled(syntax.AfterName, "1")}\n{string.Join('\n', members)}{syntax.Close}\n";
    }

    private static string Member(ToolCallSyntax syntax, string key, string value, string type) =>
        syntax.BeforeKey + key + syntax.AfterKey + Filled(syntax.BeforeValue ?? "", type) + value + Filled(syntax.AfterValue, key);

    private static string Filled(string mark, string part) => mark.Replace(HoledMark.Hole, part, StringComparison.Ordinal);
}
