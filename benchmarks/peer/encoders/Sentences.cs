namespace Inferometer.Peer.Encoders;

/// <summary>
/// Texts to be compared on: short and long, with capitals, numbers, accents, scripts that the vocabulary knows by letters alone.
/// </summary>
internal static class Sentences
{
    private const string Paragraph =
        "The harbour lay quiet under the first snow. Boats that had gone out before dawn came back with little, and the men who sold "
        + "their catch on the quay spoke of the price of oil, of the ferry that would not run until spring, and of a schoolmistress who "
        + "had counted nineteen swans on the ice. By noon the wind had turned; what had been flakes was rain. ";

    public static IReadOnlyList<string> All { get; } =
    [
        "a",
        "Hello",
        "The wolf ran through the forest.",
        "A wolf was running in the wood.",
        "She counted the money twice.",
        "How do I reset my password?",
        "To change your password, open the settings and choose Security.",
        "The capital of France is Paris.",
        "What is the boiling point of water at 2,000 m?",
        "E = mc^2; 3.14159 != 22/7, but close enough (0.04 %).",
        "public static int Main(string[] args) => args.Length;",
        "https://example.org/a/b?c=d&e=%20#f",
        "Zürich, café, naïve, Ångström, São Paulo, piñata, Dvořák",
        "ＦＵＬＬ　ｗｉｄｔｈ and ligatures: ﬁne, ﬂow",
        "東京の天気は晴れです。",
        "Москва слезам не верит.",
        "مرحبا بالعالم",
        "Ελληνικά και Ἀρχαία",
        "Smile 😀 and rocket 🚀, family 👨‍👩‍👧",
        "don't stop -- it's \"quoted\" (and bracketed) [twice]...",
        "antidisestablishmentarianism pneumonoultramicroscopicsilicovolcanoconiosis",
        "tab\there\nnew line\r\nand   many   blanks",
        "query: which animals live in the wood?",
        Paragraph,
        Paragraph + Paragraph + Paragraph,
        string.Concat(Enumerable.Repeat(Paragraph, 5)),
    ];
}
