using System.Text;
using Inferometer.Core;
using Inferometer.Core.Gguf;
using Inferometer.Core.Models.HuggingFace;
using Inferometer.ModelFiles.Conversion;
using Inferometer.ModelFiles.Formats;
using Inferometer.ModelFiles.Synthesis;
using Inferometer.ModelFiles.Templates.Jinja;
using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.ModelFiles.Fuzzing;

/// <summary>A reader of files from strangers, with sound files to start from.</summary>
/// <param name="Name">Name of the format, as on the command line.</param>
/// <param name="Seeds">Sound files.</param>
/// <param name="Read">Reads a file; may throw <see cref="InferometerException"/> and nothing else.</param>
public sealed record FuzzTarget(string Name, IReadOnlyList<byte[]> Seeds, Action<byte[]> Read)
{
    private const string Origin = "fuzzed";

    /// <summary>Everything a GGUF header goes through before mapping: structure, overlaps, architecture, tokenizer.</summary>
    public static FuzzTarget Gguf => new("gguf", [GgufSeed(GgmlType.F16), GgufSeed(GgmlType.Q8_0)], static input =>
    {
        using MemoryStream stream = new(input, writable: false);
        GgufHeader header = GgufHeader.Read(stream, Origin);
        GgufModelFile.CheckLayout(header);
        _ = GgufArchitectureReader.Read(header);
        _ = GgufTokenizer.Load(header);
    });

    /// <summary>The header of a safetensors file.</summary>
    public static FuzzTarget Safetensors => new("safetensors", [SafetensorsSeed()], static input =>
    {
        using MemoryStream stream = new(input, writable: false);
        _ = SafetensorsHeader.Read(stream, Origin);
    });

    /// <summary>The index of a sharded checkpoint.</summary>
    public static FuzzTarget SafetensorsIndexFile => new("index", ["""{"metadata":{"total_size":24},"weight_map":{"a.weight":"model-1.safetensors","b.weight":"model-2.safetensors"}}"""u8.ToArray()],
        static input => SafetensorsIndex.Parse(input, Origin));

    /// <summary>A Hugging Face config.json.</summary>
    public static FuzzTarget Config => new("config", [ConfigSeed("llama", ""), ConfigSeed("qwen3_moe", ""","num_experts":8,"num_experts_per_tok":2,"moe_intermediate_size":64""")],
        static input => HuggingFaceConfigReader.Parse(Encoding.UTF8.GetString(input), Origin));

    /// <summary>A chat template: read, and run on a conversation under tight limits.</summary>
    public static FuzzTarget Template => new("template", TemplateSeeds.All, static input =>
        JinjaTemplate.Parse(Encoding.UTF8.GetString(input), Origin)
            .Render(TemplateSeeds.Variables, TimeProvider.System, TemplateSeeds.Limits));

    /// <summary>Packed weights of a safetensors file, put together.</summary>
    public static FuzzTarget Packed => new("packed", [PackedSeeds.Safetensors], static input => PackedSeeds.Read(input, Origin));

    /// <summary>An importance matrix of the older kind.</summary>
    public static FuzzTarget Importances => new(
        "imatrix", [PackedSeeds.Importances], static input => ImportanceFile.ParseOld(input, Origin));

    /// <summary>All of the above.</summary>
    public static IReadOnlyList<FuzzTarget> All =>
        [Gguf, Safetensors, SafetensorsIndexFile, Config, Template, Packed, Importances];

    private static byte[] GgufSeed(GgmlType type)
    {
        SyntheticShape shape = new()
        {
            HiddenSize = 32,
            Layers = 1,
            Heads = 2,
            KvHeads = 1,
            FeedForwardSize = 32,
            VocabularySize = 260,
            ContextTokens = 32,
        };
        MemoryStream stream = new();
        SyntheticModel.Write(stream, shape, type, 1, null, CancellationToken.None);
        return stream.ToArray();
    }

    private static byte[] SafetensorsSeed()
    {
        byte[] header = """{"__metadata__":{"format":"pt"},"a.weight":{"dtype":"F32","shape":[2,4],"data_offsets":[0,32]},"b.weight":{"dtype":"BF16","shape":[8],"data_offsets":[32,48]},"c":{"dtype":"F16","shape":[],"data_offsets":[48,50]}}"""u8.ToArray();
        return [.. BitConverter.GetBytes((long)header.Length), .. header, .. new byte[50]];
    }

    private static byte[] ConfigSeed(string type, string more) => Encoding.UTF8.GetBytes(
        $$"""{"model_type":"{{type}}","hidden_size":64,"intermediate_size":128,"num_hidden_layers":2,"num_attention_heads":4,"num_key_value_heads":2,"head_dim":16,"vocab_size":512,"max_position_embeddings":256,"rms_norm_eps":1e-05,"rope_theta":10000.0,"rope_scaling":{"rope_type":"llama3","factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0,"original_max_position_embeddings":64},"hidden_act":"silu","tie_word_embeddings":true{{more}}}""");
}
