using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Inferometer.Peer.Encoders;

/// <summary>Writes the weights and the vocabulary of a BERT as the folder that its makers publish.</summary>
internal static class BertFolder
{
    // What neither weights nor vocabulary show, as the config.json of both models says it.
    private const int Heads = 12;
    private const double NormEpsilon = 1e-12;

    public static void Write(string folder, Dictionary<string, (int[] Shape, byte[] Data)> weights, string[] vocabulary, bool firstToken)
    {
        Directory.CreateDirectory(Path.Combine(folder, "1_Pooling"));
        int[] embeddings = weights["embeddings.word_embeddings.weight"].Shape;
        void Text(string name, JsonNode content) => File.WriteAllText(Path.Combine(folder, name), content.ToJsonString());
        Text("config.json", new JsonObject
        {
            ["architectures"] = new JsonArray("BertModel"),
            ["model_type"] = "bert",
            ["hidden_act"] = "gelu",
            ["hidden_size"] = embeddings[1],
            ["intermediate_size"] = weights["encoder.layer.0.intermediate.dense.weight"].Shape[0],
            ["layer_norm_eps"] = NormEpsilon,
            ["max_position_embeddings"] = weights["embeddings.position_embeddings.weight"].Shape[0],
            ["num_attention_heads"] = Heads,
            ["num_hidden_layers"] = weights.Keys.Count(name => name.EndsWith("attention.self.query.weight", StringComparison.Ordinal)),
            ["type_vocab_size"] = weights["embeddings.token_type_embeddings.weight"].Shape[0],
            ["vocab_size"] = embeddings[0],
        });
        Text("tokenizer.json", Tokenizer(vocabulary));
        Text("tokenizer_config.json", JsonNode.Parse(
            """{"cls_token":"[CLS]","do_lower_case":true,"mask_token":"[MASK]","pad_token":"[PAD]","sep_token":"[SEP]","unk_token":"[UNK]"}""")!);
        Text("modules.json", JsonNode.Parse(
            """
            [{"idx":0,"name":"0","path":"","type":"sentence_transformers.models.Transformer"},
             {"idx":1,"name":"1","path":"1_Pooling","type":"sentence_transformers.models.Pooling"},
             {"idx":2,"name":"2","path":"2_Normalize","type":"sentence_transformers.models.Normalize"}]
            """)!);
        Text("1_Pooling/config.json", new JsonObject
        {
            ["word_embedding_dimension"] = embeddings[1],
            ["pooling_mode_cls_token"] = firstToken,
            ["pooling_mode_mean_tokens"] = !firstToken,
        });
        Safetensors(Path.Combine(folder, "model.safetensors"), weights);
    }

    private static JsonObject Tokenizer(string[] vocabulary)
    {
        JsonObject ids = [];
        foreach ((int id, string token) in vocabulary.Index())
        {
            ids[token] = id;
        }

        JsonNode Special(string text, int type) =>
            new JsonObject { ["SpecialToken"] = new JsonObject { ["id"] = text, ["type_id"] = type } };
        JsonNode Text(string name, int type) => new JsonObject { ["Sequence"] = new JsonObject { ["id"] = name, ["type_id"] = type } };
        JsonNode Named(string text) => new JsonObject
        {
            ["id"] = text,
            ["ids"] = new JsonArray(Array.IndexOf(vocabulary, text)),
            ["tokens"] = new JsonArray(text),
        };
        return new JsonObject
        {
            ["added_tokens"] = new JsonArray([.. new[] { "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]" }.Select(text =>
                (JsonNode)new JsonObject
                {
                    ["id"] = Array.IndexOf(vocabulary, text),
                    ["content"] = text,
                    ["special"] = true,
                    ["single_word"] = false,
                    ["lstrip"] = false,
                    ["rstrip"] = false,
                    ["normalized"] = false,
                })]),
            ["normalizer"] = JsonNode.Parse(
                """{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true}"""),
            ["pre_tokenizer"] = new JsonObject { ["type"] = "BertPreTokenizer" },
            ["post_processor"] = new JsonObject
            {
                ["type"] = "TemplateProcessing",
                ["single"] = new JsonArray(Special("[CLS]", 0), Text("A", 0), Special("[SEP]", 0)),
                ["pair"] = new JsonArray(Special("[CLS]", 0), Text("A", 0), Special("[SEP]", 0), Text("B", 1), Special("[SEP]", 1)),
                ["special_tokens"] = new JsonObject { ["[CLS]"] = Named("[CLS]"), ["[SEP]"] = Named("[SEP]") },
            },
            ["decoder"] = JsonNode.Parse("""{"type":"WordPiece","prefix":"##","cleanup":true}"""),
            ["model"] = new JsonObject
            {
                ["type"] = "WordPiece",
                ["unk_token"] = "[UNK]",
                ["continuing_subword_prefix"] = "##",
                ["max_input_chars_per_word"] = 100,
                ["vocab"] = ids,
            },
        };
    }

    private static void Safetensors(string path, Dictionary<string, (int[] Shape, byte[] Data)> weights)
    {
        JsonObject header = [];
        long at = 0;
        foreach ((string name, (int[] shape, byte[] data)) in weights)
        {
            header[name] = new JsonObject
            {
                ["dtype"] = "F32",
                ["shape"] = new JsonArray([.. shape.Select(extent => (JsonNode)extent)]),
                ["data_offsets"] = new JsonArray(at, at + data.Length),
            };
            at += data.Length;
        }

        byte[] text = JsonSerializer.SerializeToUtf8Bytes(header);
        byte[] length = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)text.Length);
        using FileStream file = File.Create(path);
        file.Write(length);
        file.Write(text);
        foreach ((_, (_, byte[] data)) in weights)
        {
            file.Write(data);
        }
    }
}
