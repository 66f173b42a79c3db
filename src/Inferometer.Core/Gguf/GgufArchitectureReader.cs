using Inferometer.Core.Models;

namespace Inferometer.Core.Gguf;

/// <summary>
/// Reads the <see cref="ModelArchitecture"/> of a GGUF file from its metadata and the shapes of its tensors. Thread-safe.
/// </summary>
/// <remarks>
/// Architectures: llama (with Mistral and Mixtral), qwen2, qwen2moe, qwen3, qwen3moe, gemma, gemma2, gemma3, phi3, deepseek2, gpt-oss,
/// gpt2, falcon. Biases, tied heads and widths come from the tensors, so converted variants are described as they are stored. Other
/// architectures are refused: without their tensor names a count would be a guess.
/// </remarks>
public static class GgufArchitectureReader
{
    /// <summary>Architectures that can be read.</summary>
    public static IReadOnlyCollection<string> KnownArchitectures => GgufFamilies.Known;

    /// <summary>Reads the header of a file and its architecture.</summary>
    /// <exception cref="InferometerException">The file is not a sound GGUF file, its architecture is not known, or metadata is missing or
    /// absurd.</exception>
    public static ModelArchitecture Read(string path) => Read(GgufHeader.Read(path));

    /// <summary>Reads the architecture a header describes.</summary>
    /// <inheritdoc cref="Read(string)" path="/exception"/>
    public static ModelArchitecture Read(GgufHeader header)
    {
        ArgumentNullException.ThrowIfNull(header);
        return new GgufArchitectureBuilder(header).Build();
    }
}
