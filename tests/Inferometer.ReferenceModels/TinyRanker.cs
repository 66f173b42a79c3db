using System.Text.Json.Nodes;

namespace Inferometer.ReferenceModels;

/// <summary>A tiny Qwen3 whose vocabulary holds ChatML's marks and single tokens for yes and no, as Qwen3-Reranker's does.</summary>
public static class TinyRanker
{
    /// <summary>Token ids.</summary>
    public const int Yes = 256, No = 257, TurnBegin = 258, TurnEnd = 259;

    /// <summary>The model; its weights can be added to before it is written.</summary>
    public static TinyModel Create(string type = "qwen3") => TinyModel.Create(type, new JsonObject
    {
        ["vocab_size"] = 264,
        ["max_position_embeddings"] = 2048,
        ["tie_word_embeddings"] = true,
    });

    /// <summary>Writes config.json, weights and tokenizer.</summary>
    public static string Write(TinyModel model, TemporaryFolder folder)
    {
        ArgumentNullException.ThrowIfNull(model);
        string path = model.WriteFolder(folder);
        JsonObject vocabulary = [];
        int next = 256;
        for (int value = 0; value < 256; value++)
        {
            // GPT-2's alphabet: printable bytes stand for themselves, the others for characters from U+0100 on.
            bool isPrintable = value is (>= 33 and <= 126) or (>= 161 and <= 172) or >= 174;
            vocabulary[((char)(isPrintable ? value : next++)).ToString()] = value;
        }

        (vocabulary["yes"], vocabulary["no"]) = (Yes, No);
        JsonNode Added(string text, int id) => new JsonObject { ["id"] = id, ["content"] = text, ["special"] = true };
        File.WriteAllText(Path.Combine(path, "tokenizer.json"), new JsonObject
        {
            ["added_tokens"] = new JsonArray(Added("<|im_start|>", TurnBegin), Added("<|im_end|>", TurnEnd)),
            ["pre_tokenizer"] = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["use_regex"] = true },
            ["model"] = new JsonObject { ["type"] = "BPE", ["vocab"] = vocabulary, ["merges"] = new JsonArray() },
        }.ToJsonString());
        return path;
    }
}
