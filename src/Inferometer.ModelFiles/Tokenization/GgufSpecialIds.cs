using System.Globalization;
using Inferometer.Core.Gguf;

namespace Inferometer.ModelFiles.Tokenization;

/// <summary>The ids of special tokens in a GGUF file. One that is no token of the vocabulary counts as not given, and is told of.</summary>
internal static class GgufSpecialIds
{
    private const string Prefix = "tokenizer.ggml.";

    private static readonly string[] Names =
    [
        "bos_token_id", "eos_token_id", "eot_token_id", "eom_token_id", "unknown_token_id", "padding_token_id",
        "seperator_token_id" /* as the format spells it */, "cls_token_id", "mask_token_id",
    ];

    /// <summary>The id under a name such as <c>eos_token_id</c>; null where the file has none that is a token.</summary>
    public static int? Find(GgufHeader header, string name) => Read(header, name).Id;

    /// <summary>A line for each id that is left out because it is no token.</summary>
    public static IEnumerable<string> Faults(GgufHeader header) => Names.Select(name => Read(header, name).Fault).OfType<string>();

    private static (int? Id, string? Fault) Read(GgufHeader header, string name)
    {
        if (!header.Metadata.TryGetValue(Prefix + name, out GgufValue? value))
        {
            return (null, null);
        }

        // Converters write -1, in either width, for a token that the model does not have.
        long? id = value.AsInt64();
        int size = header.Metadata.TryGetValue(Prefix + "tokens", out GgufValue? tokens) ? tokens.Count : 0;
        return id is -1 or uint.MaxValue ? (null, null)
            : id >= 0 && id < size ? ((int)id, null)
            : (null, string.Create(
                CultureInfo.InvariantCulture,
                $"{header.Source}: '{Prefix}{name}' is {value}, no token of the vocabulary of {size} tokens; it is left out."));
    }
}
