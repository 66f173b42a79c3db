namespace Inferometer.Cli.Settings;

/// <summary>The MODEL argument of commands that read weights.</summary>
internal static class ModelArgument
{
    private const string What = "A .gguf file or a Hugging Face folder.";

    /// <summary>A model that must be named.</summary>
    public static PathArgument Required() => new("MODEL", PathUse.Model, What, isOptional: false);

    /// <summary>A model that may be left out for the bundled one.</summary>
    public static PathArgument OrBundled(string fallback = "the small model that comes with the program") =>
        new("MODEL", PathUse.Model, $"{What} [default: {fallback}]", isOptional: true);
}
