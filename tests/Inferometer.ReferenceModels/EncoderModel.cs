using System.Text.Json.Nodes;

namespace Inferometer.ReferenceModels;

/// <summary>A tiny encoder with random weights under the names, and in the layouts, of its checkpoints.</summary>
public sealed class EncoderModel
{
    private readonly Random _random = new(17);

    public EncoderModel(EncoderSpec spec)
    {
        Spec = spec;
        Config = new JsonObject
        {
            ["model_type"] = spec.ModelType,
            ["hidden_size"] = spec.Hidden,
            ["intermediate_size"] = EncoderSpec.Inner,
            ["num_hidden_layers"] = EncoderSpec.Layers,
            ["num_attention_heads"] = spec.Heads,
            ["vocab_size"] = EncoderSpec.Vocabulary,
            ["max_position_embeddings"] = EncoderSpec.Positions,
            ["type_vocab_size"] = spec.Segments,
            ["layer_norm_eps"] = 1e-5,
            ["hidden_act"] = "gelu",
        };
        foreach ((string key, JsonNode? value) in spec.Config)
        {
            if (value is null)
            {
                Config.Remove(key);
            }
            else
            {
                Config[key] = value.DeepClone();
            }
        }

        Embeddings();
        for (int layer = 0; layer < EncoderSpec.Layers; layer++)
        {
            Layer(layer);
        }

        Head();
    }

    public EncoderSpec Spec { get; }

    public JsonObject Config { get; }

    public Dictionary<string, ReferenceTensor> Weights { get; } = new(StringComparer.Ordinal);

    /// <summary>What stands before the names of a layer's tensors.</summary>
    public string LayerPrefix(int layer) => Spec.Prefix + Spec.Kind switch
    {
        EncoderKind.Nomic => $"encoder.layers.{layer}.",
        EncoderKind.Modern => $"layers.{layer}.",
        _ => $"encoder.layer.{layer}.",
    };

    /// <summary>Writes config.json and model.safetensors.</summary>
    public string WriteFolder(TemporaryFolder folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        string path = folder.Create("hf");
        File.WriteAllText(Path.Combine(path, "config.json"), Config.ToJsonString());
        SafetensorsFile.Write(Path.Combine(path, "model.safetensors"), Weights);
        return path;
    }

    /// <summary>
    /// A tokenizer beside the model: unigrams for the kinds whose texts are not parted by segments, WordPiece for the others.
    /// </summary>
    public static void WriteTokenizer(EncoderSpec spec, string path)
    {
        ArgumentNullException.ThrowIfNull(spec);
        bool unigrams = spec.Segments == 1;
        File.WriteAllText(Path.Combine(path, "tokenizer.json"), (unigrams ? Unigrams() : WordPieces()).ToJsonString());
        File.WriteAllText(Path.Combine(path, "tokenizer_config.json"), unigrams
            ? """{"bos_token":"<s>","eos_token":"</s>","unk_token":"<unk>","sep_token":"</s>","pad_token":"<pad>","cls_token":"<s>"}"""
            : """{"unk_token":"[UNK]","sep_token":"[SEP]","pad_token":"[PAD]","cls_token":"[CLS]"}""");
    }

    private static JsonObject WordPieces()
    {
        string[] tokens =
        [
            "[PAD]", "[UNK]", "[CLS]", "[SEP]", ".", "?", "a", "ship", "is", "boat", "##s", "large", "the",
            .. Enumerable.Range('b', 25).Select(letter => ((char)letter).ToString()),
            .. Enumerable.Range('a', 26).Select(letter => "##" + (char)letter).Where(text => text is not "##s"),
        ];
        JsonObject vocabulary = [];
        foreach ((int id, string token) in tokens.Index())
        {
            vocabulary[token] = id;
        }

        JsonNode Special(string text) => new JsonObject { ["SpecialToken"] = new JsonObject { ["id"] = text, ["type_id"] = 0 } };
        JsonNode Second(string text) => new JsonObject { ["SpecialToken"] = new JsonObject { ["id"] = text, ["type_id"] = 1 } };
        JsonNode Text(string name, int type) => new JsonObject { ["Sequence"] = new JsonObject { ["id"] = name, ["type_id"] = type } };
        JsonNode Named(string text, int id) =>
            new JsonObject { ["id"] = text, ["ids"] = new JsonArray(id), ["tokens"] = new JsonArray(text) };
        JsonNode Added(string text, int id) => new JsonObject { ["id"] = id, ["content"] = text, ["special"] = true };
        return new JsonObject
        {
            ["added_tokens"] = new JsonArray(Added("[PAD]", 0), Added("[UNK]", 1), Added("[CLS]", 2), Added("[SEP]", 3)),
            ["normalizer"] = new JsonObject { ["type"] = "BertNormalizer" },
            ["pre_tokenizer"] = new JsonObject { ["type"] = "BertPreTokenizer" },
            ["post_processor"] = new JsonObject
            {
                ["type"] = "TemplateProcessing",
                ["single"] = new JsonArray(Special("[CLS]"), Text("A", 0), Special("[SEP]")),
                ["pair"] = new JsonArray(Special("[CLS]"), Text("A", 0), Special("[SEP]"), Text("B", 1), Second("[SEP]")),
                ["special_tokens"] = new JsonObject { ["[CLS]"] = Named("[CLS]", 2), ["[SEP]"] = Named("[SEP]", 3) },
            },
            ["model"] = new JsonObject { ["type"] = "WordPiece", ["unk_token"] = "[UNK]", ["vocab"] = vocabulary },
        };
    }

    private static JsonObject Unigrams()
    {
        JsonArray vocabulary = [];
        void Add(string text, double score) => vocabulary.Add((JsonNode)new JsonArray(text, score));
        foreach (string special in (ReadOnlySpan<string>)["<s>", "<pad>", "</s>", "<unk>"])
        {
            Add(special, 0);
        }

        string[] words = ["\u2581", "\u2581a", "\u2581ship", "\u2581is", "\u2581boat", "s", "\u2581large", ".", "?"];
        foreach ((int rank, string word) in words.Index())
        {
            Add(word, -2 - (0.25 * rank));
        }

        foreach (int letter in Enumerable.Range('a', 26).Where(letter => letter != 's'))
        {
            Add(((char)letter).ToString(), -6);
        }

        JsonNode Added(string text, int id) => new JsonObject { ["id"] = id, ["content"] = text, ["special"] = true };
        return new JsonObject
        {
            ["added_tokens"] = new JsonArray(Added("<s>", 0), Added("<pad>", 1), Added("</s>", 2), Added("<unk>", 3)),
            ["pre_tokenizer"] = new JsonObject
            {
                ["type"] = "Sequence",
                ["pretokenizers"] = new JsonArray(
                    new JsonObject { ["type"] = "WhitespaceSplit" },
                    new JsonObject { ["type"] = "Metaspace", ["replacement"] = "\u2581", ["prepend_scheme"] = "always" }),
            },
            ["post_processor"] = new JsonObject
            {
                ["type"] = "RobertaProcessing",
                ["cls"] = new JsonArray("<s>", 0),
                ["sep"] = new JsonArray("</s>", 2),
            },
            ["model"] = new JsonObject { ["type"] = "Unigram", ["unk_id"] = 3, ["vocab"] = vocabulary },
        };
    }

    private void Embeddings()
    {
        string embeddings = Spec.Prefix + "embeddings.";
        bool modern = Spec.Kind == EncoderKind.Modern;
        Matrix(embeddings + (modern ? "tok_embeddings" : "word_embeddings"), EncoderSpec.Vocabulary, Spec.Hidden, gain: 6);
        if (Spec.Kind == EncoderKind.Bert)
        {
            Matrix(embeddings + "position_embeddings", EncoderSpec.Positions + Spec.FirstRow, Spec.Hidden, gain: 4);
        }

        if (Spec.Segments > 0)
        {
            Matrix(embeddings + "token_type_embeddings", Spec.Segments, Spec.Hidden, gain: 4);
        }

        Norm(Spec.Kind == EncoderKind.Nomic ? Spec.Prefix + "emb_ln" : embeddings + (modern ? "norm" : "LayerNorm"));
        if (modern)
        {
            Norm(Spec.Prefix + "final_norm");
        }
    }

    private void Layer(int layer)
    {
        string prefix = LayerPrefix(layer);
        int hidden = Spec.Hidden;
        const int Inner = EncoderSpec.Inner;
        switch (Spec.Kind)
        {
            case EncoderKind.Nomic:
                Linear(prefix + "attn.Wqkv", 3 * hidden, hidden, bias: false, gain: 1.5);
                Linear(prefix + "attn.out_proj", hidden, hidden, bias: false);
                Norm(prefix + "norm1");
                Linear(prefix + "mlp.fc11", Inner, hidden, bias: false);
                Linear(prefix + "mlp.fc12", Inner, hidden, bias: false);
                Linear(prefix + "mlp.fc2", hidden, Inner, bias: false);
                Norm(prefix + "norm2");
                return;
            case EncoderKind.Modern:
                if (layer > 0)
                {
                    Norm(prefix + "attn_norm");
                }

                Linear(prefix + "attn.Wqkv", 3 * hidden, hidden, bias: false, gain: 1.5);
                Linear(prefix + "attn.Wo", hidden, hidden, bias: false);
                Norm(prefix + "mlp_norm");
                Linear(prefix + "mlp.Wi", 2 * Inner, hidden, bias: false);
                Linear(prefix + "mlp.Wo", hidden, Inner, bias: false);
                return;
            default:
                break;
        }

        foreach (string part in (ReadOnlySpan<string>)["query", "key", "value"])
        {
            Linear($"{prefix}attention.self.{part}", hidden, hidden, bias: true, gain: 1.5);
        }

        Linear(prefix + "attention.output.dense", hidden, hidden, bias: true);
        Norm(prefix + "attention.output.LayerNorm");
        if (Spec.Kind == EncoderKind.Jina)
        {
            Linear(prefix + "mlp.gated_layers", 2 * Inner, hidden, bias: false);
            Linear(prefix + "mlp.wo", hidden, Inner, bias: true);
            Norm(prefix + "mlp.layernorm");
            return;
        }

        Linear(prefix + "intermediate.dense", Inner, hidden, bias: true);
        Linear(prefix + "output.dense", hidden, Inner, bias: true);
        Norm(prefix + "output.LayerNorm");
    }

    private void Head()
    {
        int hidden = Spec.Hidden;
        switch (Spec.Head)
        {
            case "pooler":
                Linear(Spec.Prefix + "pooler.dense", hidden, hidden, bias: true);
                Linear("classifier", 1, hidden, bias: true);
                break;
            case "dense":
                Linear("classifier.dense", hidden, hidden, bias: true);
                Linear("classifier.out_proj", 1, hidden, bias: true);
                break;
            case "normed":
                Linear("head.dense", hidden, hidden, bias: false);
                Norm("head.norm");
                Linear("classifier", 1, hidden, bias: true);
                break;
            default:
                break;
        }
    }

    private void Norm(string name)
    {
        Weights[name + ".weight"] = ReferenceTensor.Random(_random, 0.2, 1, Spec.Hidden);
        if (Spec.Kind != EncoderKind.Modern)
        {
            Weights[name + ".bias"] = ReferenceTensor.Random(_random, 0.2, 0, Spec.Hidden);
        }
    }

    private void Linear(string name, int outputs, int inputs, bool bias, double gain = 1)
    {
        Matrix(name, outputs, inputs, gain);
        if (bias)
        {
            Weights[name + ".bias"] = ReferenceTensor.Random(_random, 0.3, 0, outputs);
        }
    }

    private void Matrix(string name, int rows, int columns, double gain) =>
        Weights[name + ".weight"] = ReferenceTensor.Random(_random, gain / Math.Sqrt(columns), 0, rows, columns);
}
