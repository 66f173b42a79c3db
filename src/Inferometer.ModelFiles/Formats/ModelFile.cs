using Inferometer.Core;

namespace Inferometer.ModelFiles.Formats;

/// <summary>Opens the weights of a model whatever their format.</summary>
public static class ModelFile
{
    /// <summary>
    /// Opens a GGUF file, a safetensors file or a Hugging Face folder; a file is told by its first bytes, and by its name
    /// only where those are no GGUF file's although it is called one.
    /// </summary>
    /// <exception cref="InferometerException">There is no such file or folder, or it is not sound.</exception>
    public static ITensorSource Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return !Directory.Exists(path) && (IsGguf(path) || path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase))
            ? GgufModelFile.Open(path)
            : SafetensorsModel.Open(path);
    }

    /// <summary>Whether a file starts with the letters GGUF.</summary>
    /// <exception cref="InferometerException">The file cannot be read.</exception>
    public static bool IsGguf(string path)
    {
        try
        {
            using FileStream stream = File.OpenRead(path);
            Span<byte> magic = stackalloc byte[4];
            return stream.ReadAtLeast(magic, 4, throwOnEndOfStream: false) == 4 && magic.SequenceEqual("GGUF"u8);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new InferometerException($"{path}: cannot be read: {FileFault.Describe(error, path)}", error);
        }
    }
}
