using System.Text;
using System.Text.Json;
using Inferometer.Core;
using Inferometer.Core.Gguf;
using Inferometer.Core.Models.HuggingFace;
using Inferometer.ModelFiles.Conversion;
using Inferometer.ModelFiles.Formats;
using Inferometer.ModelFiles.Generation;
using Inferometer.ModelFiles.Templates.Jinja;
using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.ModelFiles.Fuzzing;

/// <summary>The readers of model files and of what lies beside them.</summary>
public static class FormatTargets
{
    private const string Origin = "fuzzed";

    private const string SampleText = "Hello, world! It's 12 km\n to Zürich <s> 中文 🙂.";

    /// <summary>Everything a GGUF header goes through before mapping: structure, overlaps, sampling, architecture, tokenizer.</summary>
    public static FuzzTarget Gguf => new("gguf", () => GgufSeeds.Models, static input =>
    {
        using MemoryStream stream = new(input, writable: false);
        GgufHeader header = GgufHeader.Read(stream, Origin);
        GgufModelFile.CheckLayout(header);
        _ = SamplingDefaults.Of(header);
        _ = GgufArchitectureReader.Read(header);
        _ = GgufTokenizer.Load(header);
    });

    /// <summary>The tensors of a GGUF file, of every format: where they lie, and their first blocks.</summary>
    public static FuzzTarget GgufTensors => new("gguf-tensors", () => GgufSeeds.Tensors, static input =>
    {
        using MemoryStream stream = new(input, writable: false);
        GgufHeader header = GgufHeader.Read(stream, Origin);
        GgufModelFile.CheckLayout(header);
        GgufSeeds.DecodeFirstBlocks(header, input);
    });

    /// <summary>Blocks of every format, decoded and looked through: the first byte says which.</summary>
    public static FuzzTarget Blocks => new("blocks", () => GgufSeeds.Blocks, GgufSeeds.ReadBlocks);

    /// <summary>The header of a safetensors file.</summary>
    public static FuzzTarget Safetensors => new("safetensors", [SafetensorsSeed()], static input =>
    {
        using MemoryStream stream = new(input, writable: false);
        _ = SafetensorsHeader.Read(stream, Origin);
    });

    /// <summary>The index of a sharded checkpoint.</summary>
    public static FuzzTarget SafetensorsIndexFile => new("index", ["""{"metadata":{"total_size":24},"weight_map":{"a.weight":"model-1.safetensors","b.weight":"model-2.safetensors"}}"""u8.ToArray()],
        static input => SafetensorsIndex.Parse(input, Origin));

    /// <summary>A Hugging Face config.json, of every known family.</summary>
    public static FuzzTarget Config => new("config", () => ConfigSeeds.All, static input =>
        HuggingFaceConfigReader.Parse(Encoding.UTF8.GetString(input), Origin));

    /// <summary>A tokenizer.json (BPE, Unigram, WordPiece): read, and a text encoded and decoded by it.</summary>
    public static FuzzTarget TokenizerFile => new("tokenizer", () => TokenizerSeeds.All, static input =>
    {
        using JsonDocument document = ParseObject(input);
        Tokenizer tokenizer = HuggingFaceTokenizer.Parse(document.RootElement, Origin, default);
        int[] ids = tokenizer.Encode(SampleText, addSpecial: true, parseSpecial: true);
        _ = tokenizer.Decode(ids);
    })
    {
        // A pattern of its own may take the square of its length (PreTokenizerPatterns.LongestForeign); with that, ids without a token
        // may take what is allowed of them.
        AllocationFactor = PreTokenizerPatterns.LongestForeign,
    };

    /// <summary>What a generation_config.json recommends.</summary>
    public static FuzzTarget Generation => new("generation", [GenerationSeed], static input =>
    {
        using JsonDocument document = ParseObject(input);
        _ = SamplingDefaults.Of(document.RootElement, Origin);
    });

    /// <summary>A chat template: read, and run on a conversation under tight limits.</summary>
    public static FuzzTarget Template => new("template", static () => TemplateSeeds.All, static input =>
        JinjaTemplate.Parse(Encoding.UTF8.GetString(input), Origin)
            .Render(TemplateSeeds.Variables, TimeProvider.System, TemplateSeeds.Limits));

    /// <summary>Packed weights of a safetensors file, put together.</summary>
    public static FuzzTarget Packed => new("packed", [PackedSeeds.Safetensors], static input => PackedSeeds.Read(input, Origin));

    /// <summary>An importance matrix of the older kind.</summary>
    public static FuzzTarget Importances => new(
        "imatrix", [PackedSeeds.Importances], static input => ImportanceFile.ParseOld(input, Origin));

    /// <summary>All of the above.</summary>
    public static IReadOnlyList<FuzzTarget> All =>
    [
        Gguf, GgufTensors, Blocks, Safetensors, SafetensorsIndexFile, Config, TokenizerFile, Generation, Template, Packed, Importances,
    ];

    private static byte[] GenerationSeed =>
        """{"do_sample":true,"temperature":0.7,"top_k":20,"top_p":0.95,"min_p":0.05,"repetition_penalty":1.05,"eos_token_id":[1,2],"bos_token_id":0,"pad_token_id":null,"transformers_version":"4.51.0"}"""u8.ToArray();

    private static JsonDocument ParseObject(byte[] input)
    {
        try
        {
            var document = JsonDocument.Parse(input);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document
                : throw new InferometerException($"{Origin}: a JSON object is expected.");
        }
        catch (JsonException error)
        {
            throw new InferometerException($"{Origin}: not JSON: {error.Message}", error);
        }
    }

    private static byte[] SafetensorsSeed()
    {
        byte[] header = """{"__metadata__":{"format":"pt"},"a.weight":{"dtype":"F32","shape":[2,4],"data_offsets":[0,32]},"b.weight":{"dtype":"BF16","shape":[8],"data_offsets":[32,48]},"c":{"dtype":"F16","shape":[],"data_offsets":[48,50]}}"""u8.ToArray();
        return [.. BitConverter.GetBytes((long)header.Length), .. header, .. new byte[50]];
    }
}
