using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.ModelFiles.Tests.Tokenization.Peer;

/// <summary>A small byte-level BPE, trained the plain way on words of many scripts: 256 bytes, then a token for each merge.</summary>
internal sealed class TrainedVocabulary
{
    private const int MergeCount = 400;

    // Words that hold letters beyond the first plane beside letters of it are there so that merges cross that border.
    private const string Text = """
        Once upon a time, in 1984, there were 365 days and 24 hours; it's what they'll say they've said. I'm sure we'd go, you're right, don't you?
        The the then there  these   those    other another mother father weather whether, together. In 2024 and 20 24: 1000000 3.14159 2.71828
        Der Fluß fließt über die Brücke, später müßte man größere Äpfel für 12 € kaufen. L'été où l'élève s'est élevé à Noël; ça va être drôle.
        Привет, мир! Как дела? Привет, привет. שלום עולם שלום. नमस्ते दुनिया नमस्ते. 日本語の文章を日本語で書く。 中文句子中文句子 한국어 문장 한국어
        😀😀 😀😃 😀the😀the 😀the 😀the 👨‍👩‍👧‍👦 👨‍👩‍👧 🏳️‍🌈 x𝑥x𝑥 x𝑥 𝐀𝐁𝐀𝐁 𝟏𝟐𝟏𝟐 1𝟏1𝟏 1𝟏 1𝟏1𝟏 1𝟏 中𠀀中𠀀 中𠀀
        if (x == 1) { return x+1; }	tab	tab
        for (int i = 0; i < n; i++) { sum += a[i] * b[i]; } // !!! ??? ... ---
        """;

    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly List<(string Left, string Right)> _merges = [];

    public TrainedVocabulary(string pattern)
    {
        Pattern = pattern;
        for (int value = 0; value < 256; value++)
        {
            _ids.Add(ByteAlphabet.ToCharacter((byte)value).ToString(), value);
        }

        List<List<string>> words = [.. Pieces().Select(Spell)];
        while (_merges.Count < MergeCount && Commonest(words) is { } pair)
        {
            _merges.Add(pair);
            _ids.Add(pair.Left + pair.Right, _ids.Count);
            words.ForEach(word => Merge(word, pair));
        }
    }

    public string Pattern { get; }

    public IReadOnlyDictionary<string, int> Ids => _ids;

    public IEnumerable<string> Merges => _merges.Select(merge => merge.Left + " " + merge.Right);

    /// <summary>The same vocabulary as a tokenizer.json.</summary>
    public string ToJson() => new JsonObject
    {
        ["pre_tokenizer"] = JsonNode.Parse($$"""
            {"type":"Sequence","pretokenizers":[
            {"type":"Split","pattern":{"Regex":{{JsonSerializer.Serialize(Pattern)}}},"behavior":"Isolated","invert":false},
            {"type":"ByteLevel","add_prefix_space":false,"use_regex":false}]}
            """),
        ["model"] = new JsonObject
        {
            ["type"] = "BPE",
            ["vocab"] = new JsonObject(_ids.Select(entry => KeyValuePair.Create(entry.Key, (JsonNode?)entry.Value))),
            ["merges"] = new JsonArray([.. _merges.Select(merge => (JsonNode)new JsonArray(merge.Left, merge.Right))]),
        },
    }.ToJsonString();

    // Runs between blanks, so that the pattern's own idea of letters plays no part; the blank belongs to the word behind it.
    private static IEnumerable<string> Pieces() =>
        Regex.Matches(Text, " ?[^ ]+", RegexOptions.None, TimeSpan.FromSeconds(10)).Select(match => match.Value);

    private static List<string> Spell(string piece) =>
        [.. Encoding.UTF8.GetBytes(piece).Select(value => ByteAlphabet.ToCharacter(value).ToString())];

    private (string Left, string Right)? Commonest(List<List<string>> words) => words
        .SelectMany(word => word.Zip(word.Skip(1)))
        .CountBy(pair => pair)
        .Where(count => !_ids.ContainsKey(count.Key.First + count.Key.Second))
        .OrderByDescending(count => count.Value)
        .ThenBy(count => count.Key.First, StringComparer.Ordinal).ThenBy(count => count.Key.Second, StringComparer.Ordinal)
        .Select(count => ((string, string)?)count.Key).FirstOrDefault();

    private static void Merge(List<string> word, (string Left, string Right) pair)
    {
        for (int i = 0; i + 1 < word.Count; i++)
        {
            if ((word[i], word[i + 1]).Equals(pair))
            {
                word[i] += word[i + 1];
                word.RemoveAt(i + 1);
            }
        }
    }
}
