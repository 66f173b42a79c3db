using System.Globalization;
using System.Text.Json.Nodes;

namespace Inferometer.ReferenceModels;

/// <summary>Random low-rank changes to the layers of a <see cref="TinyModel"/>, as the PEFT library names and saves them.</summary>
public static class TinyAdapter
{
    /// <summary>Rank of the changes.</summary>
    public const int Rank = 4;

    /// <summary>Their alpha: a change is alpha / rank times the product of its factors.</summary>
    public const double Alpha = 6;

    /// <summary>Every linear layer of attention and of a gated feed-forward network.</summary>
    public static IReadOnlyList<string> Modules { get; } =
        ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"];

    /// <summary>Factors A and B of a change to each of the modules in the model's first three layers.</summary>
    public static Dictionary<string, ReferenceTensor> Changes(TinyModel tiny, IEnumerable<string> modules, int seed = 3)
    {
        ArgumentNullException.ThrowIfNull(tiny);
        string[] names = [.. modules];
        Random random = new(seed);
        Dictionary<string, ReferenceTensor> changes = new(StringComparer.Ordinal);
        for (int layer = 0; layer < 3; layer++)
        {
            foreach (string module in names)
            {
                string name = string.Create(CultureInfo.InvariantCulture, $"model.layers.{layer}.{module}");
                ReferenceTensor weight = tiny.Weights[name + ".weight"];
                changes[$"base_model.model.{name}.lora_A.weight"] = ReferenceTensor.Random(random, 0.15, 0, Rank, weight.Columns);
                changes[$"base_model.model.{name}.lora_B.weight"] = ReferenceTensor.Random(random, 0.15, 0, weight.Rows, Rank);
            }
        }

        return changes;
    }

    /// <summary>Writes adapter_config.json and adapter_model.safetensors.</summary>
    /// <param name="changes">The factors.</param>
    /// <param name="folder">Where the adapter's folder is made.</param>
    /// <param name="extra">An object with fields that the configuration has besides.</param>
    public static string WritePeft(Dictionary<string, ReferenceTensor> changes, TemporaryFolder folder, string extra = "{}")
    {
        ArgumentNullException.ThrowIfNull(folder);
        string path = folder.Create("adapter");
        JsonObject config = new() { ["peft_type"] = "LORA", ["r"] = Rank, ["lora_alpha"] = Alpha };
        foreach ((string key, JsonNode? value) in JsonNode.Parse(extra)!.AsObject())
        {
            config[key] = value?.DeepClone();
        }

        File.WriteAllText(Path.Combine(path, "adapter_config.json"), config.ToJsonString());
        SafetensorsFile.Write(Path.Combine(path, "adapter_model.safetensors"), changes);
        return path;
    }
}
