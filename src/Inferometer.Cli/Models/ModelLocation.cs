using Inferometer.Core;
using Inferometer.Core.Catalog;
using Inferometer.Core.Gguf;
using Inferometer.ModelFiles;
using Inferometer.ModelFiles.Formats;

namespace Inferometer.Cli.Models;

/// <summary>The model that a command line names, its files open. Whoever loads the model takes the files over.</summary>
/// <param name="Files">The files.</param>
internal sealed record ModelLocation(Checkpoint Files) : IDisposable
{
    private const string BundledName = "tales-5m-q8_0.gguf";

    /// <summary>The small model that comes with the program.</summary>
    public static string BundledPath => System.IO.Path.Combine(AppContext.BaseDirectory, "models", BundledName);

    /// <summary>A GGUF file or a Hugging Face folder.</summary>
    public string Path => Files.Path;

    /// <summary>The name shown to users: the file's or folder's.</summary>
    public string Name => Files.Name;

    /// <summary>Finds the model a user named; null is the bundled one.</summary>
    /// <exception cref="InferometerException">There is no such file or folder, or it is no model.</exception>
    public static ModelLocation Resolve(string? text)
    {
        if (text is null)
        {
            return File.Exists(BundledPath)
                ? new ModelLocation(Checkpoint.Open(BundledPath))
                : throw new InferometerException($"{BundledPath}: the bundled model is missing; name a MODEL.");
        }

        return new ModelLocation(Checkpoint.Open(Require(text)));
    }

    /// <summary>The path of a model that a user named, whose files somebody else opens.</summary>
    /// <exception cref="InferometerException">There is no such file or folder, or the file is no model.</exception>
    public static string Require(string text)
    {
        if (Directory.Exists(text))
        {
            return text;
        }

        if (!File.Exists(text))
        {
            throw new InferometerException(
                $"{text}: there is no such file or folder; a model to run is a .gguf file or a Hugging Face folder.{Catalogued(text)}");
        }

        if (!ModelFile.IsGguf(text))
        {
            RefuseAsGguf(text);
        }

        return text;
    }

    /// <inheritdoc/>
    public void Dispose() => Files.Dispose();

    // In the words of whatever else reads such a file.
    private static void RefuseAsGguf(string text)
    {
        try
        {
            _ = GgufHeader.Read(text);
        }
        catch (InferometerException wrong)
        {
            if (System.IO.Path.GetExtension(text).ToLowerInvariant() is ".json" or ".safetensors")
            {
                throw new InferometerException(
                    $"{text}: a file of a Hugging Face folder at most, and no model by itself: name the folder, which holds config.json, "
                        + "tokenizer.json and *.safetensors. A model to run is such a folder or a .gguf file.", wrong);
            }

            throw new InferometerException(
                $"{wrong.Message} A model to run is a .gguf file or a Hugging Face folder with config.json.", wrong);
        }
    }

    private static string Catalogued(string text) => ModelCatalog.BuiltIn.TryFind(text) is null
        ? ""
        : $" '{text}' is in the catalog of 'inferometer models', which knows architectures but holds no weights.";
}
