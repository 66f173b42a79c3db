using System.Text;
using System.Text.Json;

namespace Inferometer.ModelFiles.Fuzzing;

/// <summary>Small tokenizer.json files of each model and with each kind of step.</summary>
internal static class TokenizerSeeds
{
    /// <summary>Bytes and characters merged, pieces with scores, pieces of words.</summary>
    public static IReadOnlyList<byte[]> All { get; } = [.. ((string[])[Bytes, Characters, Pieces, Words]).Select(Encoding.UTF8.GetBytes)];

    private static string Bytes => $$$$"""
        {"version":"1.0","added_tokens":[{"id":600,"content":"<s>","special":true},{"id":601,"content":" km","lstrip":true,"single_word":true}],
        "normalizer":{"type":"NFC"},"pre_tokenizer":{"type":"Sequence","pretokenizers":[
        {"type":"Split","pattern":{"Regex":"(?i:'s|'t)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"},"behavior":"Isolated","invert":false},
        {"type":"Digits","individual_digits":true},{"type":"ByteLevel","add_prefix_space":false,"use_regex":false}]},
        "post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],
        "pair":[{"Sequence":{"id":"A","type_id":0}},{"Sequence":{"id":"B","type_id":1}}],"special_tokens":{"<s>":{"id":"<s>","ids":[600],"tokens":["<s>"]}}},
        "decoder":{"type":"ByteLevel"},"model":{"type":"BPE","ignore_merges":true,"vocab":{{{{{Letters("Ġ", "Ċ", "Ã", "¼", "ä", "¸", "Ń", "æ", "ĸ", "ĩ", "ð", "Ł", "Ļ", "Ĥ", "He", "ll", "Hell", "lo", "Ġw", "or")}}}}},
        "merges":["H e","l l",["He","ll"],"l o","Ġ w","o r"]}}
        """;

    private static string Characters => $$$$"""
        {"added_tokens":[{"id":600,"content":"<s>","special":true}],"normalizer":{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},
        {"type":"Replace","pattern":{"String":" "},"content":"▁"}]},"pre_tokenizer":null,
        "post_processor":{"type":"Sequence","processors":[{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],"pair":[],
        "special_tokens":{"<s>":{"id":"<s>","ids":[600],"tokens":["<s>"]}}}]},
        "decoder":{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]},
        "model":{"type":"BPE","byte_fallback":true,"fuse_unk":true,"unk_token":"<unk>","vocab":{{{{{Letters("<unk>", "▁", "<0xC3>", "<0xBC>", "▁w", "or", "ld", "He", "ll")}}}}},"merges":["▁ w","o r","l d","H e","l l"]}}
        """;

    private static string Pieces => $$$$"""
        {"added_tokens":[{"id":0,"content":"<pad>","special":true},{"id":1,"content":"</s>","special":true}],
        "normalizer":{"type":"Sequence","normalizers":[{"type":"Strip","strip_left":true,"strip_right":true},{"type":"Replace","pattern":{"Regex":" {2,}"},"content":" "},{"type":"NFD"},{"type":"StripAccents"}]},
        "pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},{"type":"Metaspace","replacement":"▁","prepend_scheme":"always"}]},
        "post_processor":{"type":"TemplateProcessing","single":[{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"</s>","type_id":0}}],"pair":[],"special_tokens":{"</s>":{"id":"</s>","ids":[1],"tokens":["</s>"]}}},
        "decoder":{"type":"Metaspace","replacement":"▁","prepend_scheme":"always"},"model":{"type":"Unigram","unk_id":2,"byte_fallback":false,"vocab":[["<pad>",0.0],["</s>",0.0],["<unk>",0.0],
        ["▁",-2.0],["▁He",-3.5],["llo",-4.25],["wor",-5.0],["ld",-5.5],["l",-6.0],["o",-6.0],["H",-7.0],["e",-6.5],["u",-7.5]]}}
        """;

    private static string Words => """
        {"added_tokens":[{"id":0,"content":"[PAD]","special":true},{"id":1,"content":"[UNK]","special":true},{"id":2,"content":"[CLS]","special":true},{"id":3,"content":"[SEP]","special":true}],
        "normalizer":{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true},"pre_tokenizer":{"type":"BertPreTokenizer"},
        "post_processor":{"type":"BertProcessing","sep":["[SEP]",3],"cls":["[CLS]",2]},
        "decoder":{"type":"WordPiece","prefix":"##","cleanup":true},"model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":100,
        "vocab":{"[PAD]":0,"[UNK]":1,"[CLS]":2,"[SEP]":3,"hello":4,"wor":5,"##ld":6,"it":7,"'":8,"s":9,"1":10,"##2":11,"km":12,"to":13,"z":14,"##urich":15,"中":16,"!":17,",":18,".":19}}}
        """;

    /// <summary>Printable ASCII and more, numbered in order.</summary>
    private static string Letters(params string[] more) => string.Join(',', Enumerable.Range(33, 94).Select(code => ((char)code).ToString())
        .Concat(more).Distinct(StringComparer.Ordinal).Select((text, id) => $"\"{JsonEncodedText.Encode(text)}\":{id}"));
}
