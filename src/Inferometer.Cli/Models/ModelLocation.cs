using Inferometer.Core;
using Inferometer.Core.Catalog;
using Inferometer.Core.Gguf;
using Inferometer.Core.Models;
using Inferometer.Core.Models.HuggingFace;
using Inferometer.ModelFiles.Formats;
using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.Cli.Models;

/// <summary>Where a model with weights lies.</summary>
/// <param name="Path">A GGUF file or a Hugging Face folder.</param>
/// <param name="IsGguf">Which of the two.</param>
internal sealed record ModelLocation(string Path, bool IsGguf)
{
    private const string BundledName = "tales-5m-q8_0.gguf";

    /// <summary>The small model that comes with the program.</summary>
    public static string BundledPath => System.IO.Path.Combine(AppContext.BaseDirectory, "models", BundledName);

    /// <summary>The name shown to users: the file's or folder's.</summary>
    public string Name => System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator(Path));

    /// <summary>Finds the model a user named; null is the bundled one.</summary>
    /// <exception cref="InferometerException">There is no such file or folder, or it is no model.</exception>
    public static ModelLocation Resolve(string? text)
    {
        if (text is null)
        {
            return File.Exists(BundledPath)
                ? new ModelLocation(BundledPath, true)
                : throw new InferometerException($"{BundledPath}: the bundled model is missing; name a MODEL.");
        }

        if (Directory.Exists(text))
        {
            return File.Exists(System.IO.Path.Combine(text, "config.json"))
                ? new ModelLocation(text, false)
                : throw new InferometerException($"{text}: the folder holds no config.json, so it is no Hugging Face model.{Inside(text)}");
        }

        if (!File.Exists(text))
        {
            throw new InferometerException($"{text}: there is no such file or folder; a model to run is a .gguf file or a Hugging Face folder.{Catalogued(text)}");
        }

        return ModelFile.IsGguf(text)
            ? new ModelLocation(text, true)
            : throw new InferometerException(
                $"{text}: is no GGUF file (it does not begin with the letters GGUF); a model to run is a .gguf file or a Hugging Face folder with config.json.");
    }

    public ModelArchitecture ReadArchitecture() => IsGguf ? GgufArchitectureReader.Read(Path) : HuggingFaceConfigReader.Read(Path);

    public Tokenizer ReadTokenizer() => IsGguf ? GgufTokenizer.Load(GgufHeader.Read(Path)) : HuggingFaceTokenizer.Load(Path);

    private static string Inside(string folder)
    {
        string[] files = [.. Directory.EnumerateFiles(folder, "*.gguf").Take(4)];
        return files.Length == 0 ? "" : $" It holds {string.Join(", ", files.Take(3))}{(files.Length > 3 ? ", ..." : "")}; name the file.";
    }

    private static string Catalogued(string text) => ModelCatalog.BuiltIn.TryFind(text) is null
        ? ""
        : $" '{text}' is in the catalog of 'inferometer models', which knows architectures but holds no weights.";
}
