using System.CommandLine;

namespace Inferometer.Cli.Settings;

/// <summary>The MODEL argument of commands that read weights.</summary>
internal static class ModelArgument
{
    private const string What = "A .gguf file or a Hugging Face folder.";

    /// <summary>A model that must be named.</summary>
    public static Argument<string> Required() => Refusing(new Argument<string>("MODEL") { Description = What });

    /// <summary>A model that may be left out for the bundled one.</summary>
    public static Argument<string?> OrBundled() => Refusing(new Argument<string?>("MODEL")
    {
        Description = What + " [default: the small model that comes with the program]",
        Arity = ArgumentArity.ZeroOrOne,
    });

    // Otherwise a mistyped option would be looked for as a file.
    private static Argument<T> Refusing<T>(Argument<T> argument)
    {
        argument.Validators.Add(result =>
        {
            if (result.Tokens.FirstOrDefault(t => t.Value.StartsWith("--", StringComparison.Ordinal)) is { } token)
            {
                result.AddError($"'{token.Value}' is not an option.");
            }
        });
        return argument;
    }
}
