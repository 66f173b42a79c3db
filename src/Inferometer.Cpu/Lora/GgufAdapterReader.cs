using System.Globalization;
using System.Text.RegularExpressions;
using Inferometer.Core;
using Inferometer.Core.Gguf;
using Inferometer.Cpu.Weights;
using Inferometer.ModelFiles.Formats;

namespace Inferometer.Cpu.Lora;

/// <summary>Reads adapters in GGUF files: <c>general.type</c> = adapter, tensors ending in <c>.lora_a</c> and <c>.lora_b</c>.</summary>
internal static partial class GgufAdapterReader
{
    /// <summary>Matches the tensors of an adapter file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="fusedUp">The base model keeps gate and up projections in one tensor under the name of "up" (Phi-3).</param>
    /// <exception cref="InferometerException">The file is no LoRA adapter, or a tensor changes a layer that cannot be adapted.</exception>
    public static LoraFile Read(GgufModelFile file, bool fusedUp)
    {
        string kind = file.Header.GetString("adapter.type", file.Header.GetString("general.type", "model"));
        if (!string.Equals(kind, "lora", StringComparison.Ordinal))
        {
            throw new InferometerException($"{file.Path}: not a LoRA adapter: it says it is of the type '{kind}'.");
        }

        double alpha = file.Header.GetDouble("adapter.lora.alpha", 0);
        List<LoraEntry> entries = [];
        foreach (ModelTensor down in file.Tensors)
        {
            Match match = TensorName().Match(down.Name);
            LoraSite[]? sites = match.Success ? Sites(match.Groups["module"].Value, fusedUp) : null;
            if (sites is null)
            {
                throw new InferometerException(
                    $"{file.Path}: tensor '{down.Name}' changes a part that cannot be adapted. Adaptable: attn_q, attn_k, attn_v, "
                        + $"attn_qkv, attn_output, ffn_gate, ffn_up, ffn_down.");
            }

            if (string.Equals(match.Groups["side"].Value, "b", StringComparison.Ordinal))
            {
                continue;
            }

            string upName = down.Name[..^1] + "b";
            if (!file.TryGetTensor(upName, out ModelTensor? up))
            {
                throw new InferometerException($"{file.Path}: tensor '{down.Name}' has no partner '{upName}'.");
            }

            int layer = int.Parse(match.Groups["layer"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);

            // Without alpha the product is taken as it is, as the format's other readers do.
            entries.Add(new LoraEntry(down.Name, layer, sites, down, up, alpha == 0 ? 1 : alpha / down.Rows));
        }

        return new LoraFile(file.Path, entries, GgufFamilies.Find(file.Header.Architecture) is { ReordersHeads: true });
    }

    private static LoraSite[]? Sites(string module, bool fusedUp) => module switch
    {
        "attn_q" => [LoraSite.Query],
        "attn_k" => [LoraSite.Key],
        "attn_v" => [LoraSite.Value],
        "attn_qkv" => [LoraSite.Query, LoraSite.Key, LoraSite.Value],
        "attn_output" => [LoraSite.Output],
        "ffn_gate" => [LoraSite.Gate],
        "ffn_up" => fusedUp ? [LoraSite.Gate, LoraSite.Up] : [LoraSite.Up],
        "ffn_down" => [LoraSite.Down],
        _ => null,
    };

    [GeneratedRegex(@"^blk\.(?<layer>\d{1,6})\.(?<module>\w+)\.weight\.lora_(?<side>[ab])$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex TensorName();
}
