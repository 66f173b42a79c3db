using System.Text;
using System.Text.Json;
using Inferometer.Inference.Chat.Formats;
using Inferometer.ModelFiles.Fuzzing;

namespace Inferometer.Inference.Chat.Fuzzing;

/// <summary>The readers of what models write: answers with reasoning and calls of tools, in pieces.</summary>
public static class AnswerTargets
{
    private static readonly ToolDeclaration[] Tools =
    [
        new("get_weather", "", JsonElement.Parse(
            """{"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer"},"at":{"type":"array","items":{"type":"string"}}}}""")),
        new("now", "", JsonElement.Parse("""{"type":"object","properties":{}}""")),
    ];

    /// <summary>
    /// An answer in any format of calls: the first byte says which, the second where it is cut into pieces. Read in pieces it must give
    /// what
    /// it gives at once; streamed, the pieces of a call must be its arguments.
    /// </summary>
    public static FuzzTarget Calls => new("calls", AnswerSeeds.All, static input =>
    {
        if (input.Length < 2)
        {
            return;
        }

        ToolCallSyntax? syntax = AnswerSeeds.SyntaxOf(input[0]);
        string text = Encoding.UTF8.GetString(input.AsSpan(2));
        List<AnswerPart> whole = Read(syntax, [text], streams: false);
        string[] pieces = [.. Pieces(text, input[1])];
        Require(
            string.Equals(Describe(whole), Describe(Read(syntax, pieces, streams: false)), StringComparison.Ordinal),
            "an answer in pieces gives something else than at once");
        RequireOrder(Read(syntax, pieces, streams: true));
    })
    {
        AllocationFactor = 1024, // a part and its text for each piece, in three readings, and what describes two of them
    };

    /// <summary>All of the above.</summary>
    public static IReadOnlyList<FuzzTarget> All => [Calls];

    /// <summary>Pieces of 1 to 16 letters, as a seed says; pairs of surrogates stay together, as in tokens' text.</summary>
    private static IEnumerable<string> Pieces(string text, int seed)
    {
        for (int at = 0; at < text.Length;)
        {
            seed = ((seed * 61) + 17) & 0xFF;
            int end = Math.Min(text.Length, at + 1 + (seed >> 4));
            end += end < text.Length && char.IsLowSurrogate(text[end]) ? 1 : 0;
            yield return text[at..end];
            at = end;
        }
    }

    private static List<AnswerPart> Read(ToolCallSyntax? syntax, IEnumerable<string> pieces, bool streams)
    {
        AnswerReader reader = new(AnswerSeeds.Reasoning, syntax, AnswerSeeds.PromptOf(syntax), Tools, streams);
        return [.. pieces.SelectMany(piece => reader.Append(piece).ToArray()), .. reader.Complete()];
    }

    /// <summary>Kinds and texts, neighbours of a kind joined; the ids of calls are made up and left out.</summary>
    private static string Describe(List<AnswerPart> parts)
    {
        StringBuilder all = new();
        AnswerPartKind? before = null;
        foreach (AnswerPart part in parts)
        {
            if (part.Call is { } call)
            {
                all.Append("\u0001").Append(call.Name).Append(call.Arguments.GetRawText());
                before = null;
                continue;
            }

            all.Append(before == part.Kind ? "" : part.Kind == AnswerPartKind.Text ? "\u0002" : "\u0003").Append(part.Text);
            before = part.Kind;
        }

        return all.ToString();
    }

    private static void RequireOrder(List<AnswerPart> parts)
    {
        ToolCall? begun = null;
        StringBuilder arguments = new();
        foreach (AnswerPart part in parts)
        {
            switch (part.Kind)
            {
                case AnswerPartKind.ToolCallStart:
                    begun = part.Call;
                    arguments.Clear();
                    break;
                case AnswerPartKind.ToolCallArguments:
                    Require(begun is not null, "arguments come before a call begins");
                    arguments.Append(part.Text);
                    break;
                case AnswerPartKind.ToolCall:
                    Require(begun is not null && string.Equals(begun.Id, part.Call!.Id, StringComparison.Ordinal)
                        && string.Equals(part.Call.Arguments.GetRawText(), arguments.ToString(), StringComparison.Ordinal),
                        "the pieces of a call are not its arguments");
                    begun = null;
                    break;
                default:
                    break;
            }
        }
    }

    private static void Require(bool holds, string fault)
    {
        if (!holds)
        {
            throw new InvalidOperationException(fault);
        }
    }
}
