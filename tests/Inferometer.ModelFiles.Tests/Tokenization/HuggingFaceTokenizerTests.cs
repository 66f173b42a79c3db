using System.Text.Json;
using System.Text.Json.Nodes;
using Inferometer.Core;
using Inferometer.ModelFiles.Templates;
using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.ModelFiles.Tests.Tokenization;

public sealed class HuggingFaceTokenizerTests : IDisposable
{
    private const string Llama3Split =
        """{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"},"behavior":"Isolated","invert":false},{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false}]}""";

    private readonly string _folder = Directory.CreateTempSubdirectory("tokenizer-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_byte_level_folder_in_the_manner_of_llama_3_is_read()
    {
        JsonObject json = ByteLevel();
        json["pre_tokenizer"] = JsonNode.Parse(Llama3Split);
        json["post_processor"] = JsonNode.Parse("""
            {"type":"Sequence","processors":[{"type":"ByteLevel"},{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<begin>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],
            "special_tokens":{"<begin>":{"id":"<begin>","ids":[256],"tokens":["<begin>"]}}}]}
            """);
        Write("tokenizer.json", json);
        Write("tokenizer_config.json", JsonNode.Parse("""{"bos_token":"<begin>","eos_token":{"content":"<end>"},"chat_template":"{{'<|im_start|>'}}"}""")!);
        Write("generation_config.json", JsonNode.Parse("""{"eos_token_id":[257,258]}""")!);
        Tokenizer tokenizer = HuggingFaceTokenizer.Load(_folder);

        Assert.Equal([256, 259, 'c', ' ', '1', '2', '3', '4'], tokenizer.Encode("abc 1234"));
        Assert.Equal(256, tokenizer.BosId);
        Assert.Equal([257, 258], tokenizer.EosIds);
        Assert.Equal("stored with the model", ChatTemplate.For(tokenizer).Name);
        Assert.Equal("ab é", tokenizer.Decode(tokenizer.Encode("ab é")));
    }

    [Fact]
    public void Merges_written_as_pairs_are_read_too()
    {
        JsonObject json = ByteLevel();
        json["model"]!["merges"] = JsonNode.Parse("""[["a","b"]]""");
        Write("tokenizer.json", json);
        Assert.Equal([259, 'c'], HuggingFaceTokenizer.Load(_folder).Encode("abc"));
    }

    [Fact]
    public void Form_c_is_applied_where_the_file_asks_for_it()
    {
        JsonObject json = ByteLevel();
        Write("tokenizer.json", json);
        Assert.Equal(['e', 0xCC, 0x81], HuggingFaceTokenizer.Load(_folder).Encode("e\u0301"));
        json["normalizer"] = JsonNode.Parse("""{"type":"NFC"}""");
        Write("tokenizer.json", json);
        Assert.Equal([0xC3, 0xA9], HuggingFaceTokenizer.Load(_folder).Encode("e\u0301"));
    }

    [Fact]
    public void A_template_file_wins_over_the_one_in_the_configuration()
    {
        Write("tokenizer.json", ByteLevel());
        Write("tokenizer_config.json", JsonNode.Parse("""{"chat_template":[{"name":"tool_use","template":"t"},{"name":"default","template":"d"}]}""")!);
        Assert.Equal("d", HuggingFaceTokenizer.Load(_folder).ChatTemplateText);
        File.WriteAllText(Path.Combine(_folder, "chat_template.jinja"), "file");
        Assert.Equal("file", HuggingFaceTokenizer.Load(_folder).ChatTemplateText);
    }

    [Theory]
    [InlineData("always", "x<end>x", "▁x|<end>|▁x")]
    [InlineData("first", "x<end>x", "▁x|<end>|x")]
    [InlineData("never", "x<end>x", "x|<end>|x")]
    [InlineData("always", " x x", "▁x|▁x")]
    public void Metaspace_puts_the_space_symbol_where_its_scheme_says(string scheme, string text, string expected)
    {
        Write("tokenizer.json", JsonNode.Parse($$"""
            {"added_tokens":[{"id":0,"content":"<end>","special":true}],
             "pre_tokenizer":{"type":"Metaspace","replacement":"▁","prepend_scheme":"{{scheme}}"},
             "model":{"type":"BPE","vocab":{"<end>":0,"▁":1,"x":2,"▁x":3},"merges":["▁ x"]} }
            """)!);
        Tokenizer tokenizer = HuggingFaceTokenizer.Load(_folder);
        Assert.Equal(expected, string.Join('|', tokenizer.Encode(text, parseSpecial: true).Select(tokenizer.TokenText)));
    }

    [Fact]
    public void Missing_characters_become_bytes_else_the_unknown_token()
    {
        const string Model = """
            {"model":{"type":"BPE","unk_token":"<unk>","fuse_unk":FUSE,"byte_fallback":true,"vocab":{"<unk>":0,"<0xC3>":1,"<0xA9>":2,"a":3},"merges":[]}}
            """;
        File.WriteAllText(Path.Combine(_folder, "tokenizer.json"), Model.Replace("FUSE", "true", StringComparison.Ordinal));
        Assert.Equal([3, 1, 2, 0, 3, 0], HuggingFaceTokenizer.Load(_folder).Encode("aéxyaz"));
        File.WriteAllText(Path.Combine(_folder, "tokenizer.json"), Model.Replace("FUSE", "false", StringComparison.Ordinal));
        Assert.Equal([3, 1, 2, 0, 0, 3, 0], HuggingFaceTokenizer.Load(_folder).Encode("aéxyaz"));
    }

    [Theory]
    [InlineData("[]", "JSON object")]
    [InlineData("{", "not valid JSON")]
    [InlineData("{}", "model '' is not supported")]
    [InlineData("""{"model":{"type":"WordLevel"}}""", "'WordLevel' is not supported")]
    [InlineData("""{"model":{"type":"BPE"}}""", "not a tokenizer.json")]
    [InlineData("""{"model":{"type":"BPE","vocab":{},"merges":[]}}""", "has 0 tokens")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":2000000000},"merges":[]}}""", "id 2000000000")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0,"b":96100},"merges":[]}}""", "the largest id of a token is 96100, which leaves at least 96099 ids")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0,"b":0},"merges":[]}}""", "same id 0")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":-1},"merges":[]}}""", "id -1")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":"x"},"merges":[]}}""", "the id x")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":["a b"]}}""", "merge 0 ('a' + 'b')")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":["ab"]}}""", "merge 0 'ab'")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":[7]}}""", "not a tokenizer.json")]
    [InlineData("""{"normalizer":{"type":"NFKC"},"model":{"type":"BPE","vocab":{"a":0},"merges":[]}}""", "'NFKC' is not supported")]
    [InlineData("""{"pre_tokenizer":{"type":"UnicodeScripts"},"model":{"type":"BPE","vocab":{"a":0},"merges":[]}}""", "'UnicodeScripts' is not supported")]
    [InlineData("""{"pre_tokenizer":{"type":"Split","pattern":{"Regex":"(("},"behavior":"Isolated"},"model":{"type":"BPE","vocab":{"a":0},"merges":[]}}""", "'((' is not supported")]
    [InlineData("""{"pre_tokenizer":{"type":"Split","pattern":{"Regex":"a"},"behavior":"Odd"},"model":{"type":"BPE","vocab":{"a":0},"merges":[]}}""", "'Odd' is not known")]
    [InlineData("""{"post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>"}}],"special_tokens":{}},"model":{"type":"BPE","vocab":{"a":0},"merges":[]}}""", "without giving its ids")]
    [InlineData("""{"post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"s"}}],"special_tokens":{"s":{"ids":[9]}}},"model":{"type":"BPE","vocab":{"a":0},"merges":[]}}""", "id 9 is outside")]
    [InlineData("""{"post_processor":{"type":"BertProcessing","sep":[3],"cls":["a",0]},"model":{"type":"BPE","vocab":{"a":0},"merges":[]}}""", "'sep' of the post-processor is no pair")]
    [InlineData("""{"post_processor":{"type":"RobertaProcessing","sep":["a",0]},"model":{"type":"BPE","vocab":{"a":0},"merges":[]}}""", "'cls' of the post-processor is no pair")]
    public void Faulty_files_are_refused_in_one_line(string json, string part)
    {
        File.WriteAllText(Path.Combine(_folder, "tokenizer.json"), json);
        string message = Assert.Throws<InferometerException>(() => HuggingFaceTokenizer.Load(_folder)).Message;
        Assert.Contains(part, message, StringComparison.Ordinal);
        Assert.Contains("tokenizer.json", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void A_pattern_of_its_own_may_not_be_as_long_as_it_likes()
    {
        File.WriteAllText(
            Path.Combine(_folder, "tokenizer.json"),
            $$$"""{"pre_tokenizer":{"type":"Split","pattern":{"Regex":"(?i:{{{new string('a', 5000)}}})"},"behavior":"Isolated"},"model":{"type":"BPE","vocab":{"a":0},"merges":[]}}""");
        Assert.Contains(
            "it has 5005 characters; at most 4096 are allowed",
            Assert.Throws<InferometerException>(() => HuggingFaceTokenizer.Load(_folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_without_a_tokenizer_is_refused() =>
        Assert.Contains(
            "tokenizer.json' does not exist", Assert.Throws<InferometerException>(() => HuggingFaceTokenizer.Load(_folder)).Message,
            StringComparison.Ordinal);

    private static JsonObject ByteLevel()
    {
        var vocab = new JsonObject();
        for (int value = 0; value < 256; value++)
        {
            vocab[ByteAlphabet.ToCharacter((byte)value).ToString()] = value;
        }

        vocab["ab"] = 259;
        return new JsonObject
        {
            ["added_tokens"] = JsonNode.Parse("""[{"id":256,"content":"<begin>","special":true},{"id":257,"content":"<end>","special":true},{"id":258,"content":"<turn>","special":true}]"""),
            ["pre_tokenizer"] = JsonNode.Parse("""{"type":"ByteLevel","add_prefix_space":false,"use_regex":true}"""),
            ["model"] = new JsonObject { ["type"] = "BPE", ["vocab"] = vocab, ["merges"] = new JsonArray("a b") },
        };
    }

    private void Write(string name, JsonNode json) =>
        File.WriteAllText(Path.Combine(_folder, name), json.ToJsonString(JsonSerializerOptions.Default));
}
