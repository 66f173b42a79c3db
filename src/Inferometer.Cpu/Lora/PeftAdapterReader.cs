using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Inferometer.Core;
using Inferometer.Cpu.Weights;
using Inferometer.ModelFiles.Formats;

namespace Inferometer.Cpu.Lora;

/// <summary>Reads adapters as the PEFT library saves them: <c>adapter_config.json</c> and <c>adapter_model.safetensors</c>.</summary>
internal static partial class PeftAdapterReader
{
    public const string ConfigName = "adapter_config.json";
    public const string WeightsName = "adapter_model.safetensors";

    /// <summary>Matches the tensors of <paramref name="source"/> with the configuration in <paramref name="folder"/>.</summary>
    /// <exception cref="InferometerException">The configuration asks for something other than plain LoRA, or a tensor changes a layer that
    /// cannot be adapted.</exception>
    public static LoraFile Read(string folder, ITensorSource source)
    {
        string path = Path.Combine(folder, ConfigName);
        using JsonDocument config = Parse(path);
        RequirePlainLora(path, config.RootElement);
        double alpha = Number(path, config.RootElement, "lora_alpha");
        bool rankStabilised = Flag(config.RootElement, "use_rslora");
        List<LoraEntry> entries = [];
        foreach (ModelTensor down in source.Tensors)
        {
            Match match = TensorName().Match(down.Name);
            LoraSite[]? sites = match.Success ? Sites(match.Groups["module"].Value) : null;
            if (sites is null)
            {
                throw new InferometerException(
                    $"{source.Path}: tensor '{down.Name}' changes a part that cannot be adapted. Adaptable: q_proj, k_proj, v_proj, "
                        + $"o_proj, qkv_proj, gate_proj, up_proj, gate_up_proj, down_proj.");
            }

            if (string.Equals(match.Groups["side"].Value, "B", StringComparison.Ordinal))
            {
                continue;
            }

            string upName = down.Name.Replace(".lora_A.", ".lora_B.", StringComparison.Ordinal);
            if (!source.TryGetTensor(upName, out ModelTensor? up))
            {
                throw new InferometerException($"{source.Path}: tensor '{down.Name}' has no partner '{upName}'.");
            }

            double scale = alpha / (rankStabilised ? Math.Sqrt(down.Rows) : down.Rows);
            int layer = int.Parse(match.Groups["layer"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);
            entries.Add(new LoraEntry(down.Name, layer, sites, down, up, scale));
        }

        return new LoraFile(folder, entries, NeighbourPairs: false);
    }

    private static LoraSite[]? Sites(string module) => module switch
    {
        "self_attn.q_proj" => [LoraSite.Query],
        "self_attn.k_proj" => [LoraSite.Key],
        "self_attn.v_proj" => [LoraSite.Value],
        "self_attn.o_proj" => [LoraSite.Output],
        "self_attn.qkv_proj" => [LoraSite.Query, LoraSite.Key, LoraSite.Value],
        "mlp.gate_proj" => [LoraSite.Gate],
        "mlp.up_proj" => [LoraSite.Up],
        "mlp.gate_up_proj" => [LoraSite.Gate, LoraSite.Up],
        "mlp.down_proj" => [LoraSite.Down],
        _ => null,
    };

    private static JsonDocument Parse(string path)
    {
        try
        {
            return JsonDocument.Parse(File.ReadAllBytes(path));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new InferometerException($"{path}: cannot be read: {JsonFault.Describe(error)}", error);
        }
    }

    private static void RequirePlainLora(string path, JsonElement config)
    {
        string? trouble = Flag(config, "use_dora") ? "use_dora (weight-decomposed adapters)"
            : Flag(config, "fan_in_fan_out") ? "fan_in_fan_out (transposed weights)"
            : HasEntries(config, "alpha_pattern") ? "alpha_pattern (a scale per layer)"
            : config.TryGetProperty("peft_type", out JsonElement type)
                && !string.Equals(type.GetString(), "LORA", StringComparison.OrdinalIgnoreCase)
                ? $"peft_type {type.GetString()}"
                : null;
        if (trouble is not null)
        {
            throw new InferometerException($"{path}: {trouble} is not supported; plain LoRA adapters are.");
        }
    }

    private static double Number(string path, JsonElement config, string name) =>
        config.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number
            ? value.GetDouble()
            : throw new InferometerException($"{path}: the field '{name}' is missing; it should be a number.");

    private static bool Flag(JsonElement config, string name) =>
        config.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.True;

    private static bool HasEntries(JsonElement config, string name) =>
        config.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Object && value.EnumerateObject().Any();

    [GeneratedRegex(
        @"layers\.(?<layer>\d{1,6})\.(?<module>\w+\.\w+)\.lora_(?<side>[AB])(\.default)?\.weight$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex TensorName();
}
