using System.CommandLine.Parsing;
using Inferometer.Cli.Hosting;
using Inferometer.Core;

namespace Inferometer.Cli.Settings;

/// <summary>What a value on the command line may be, how its text is read, and what is said where it is wrong.</summary>
/// <typeparam name="T">What the text stands for.</typeparam>
/// <param name="help">Placeholder in the help: <c>N</c>, <c>f16|f32</c>.</param>
/// <param name="range">What the help adds to it, such as <c>1 to 1024</c>; null where the placeholder says all.</param>
/// <param name="read">
/// Reads a text, told where it came from; an <see cref="InferometerException"/> says what, which value, what is allowed and where it came
/// from.
/// </param>
internal sealed class Domain<T>(string help, string? range, Func<string, string, T> read)
{
    /// <summary>Placeholder in the help.</summary>
    public string Help => help;

    /// <summary>What the help adds to the placeholder, or null.</summary>
    public string? Range => range;

    /// <summary>Reads a text.</summary>
    /// <param name="text">The value, as it was given.</param>
    /// <param name="origin">Where: the option's name.</param>
    /// <exception cref="UsageException">The text is not allowed.</exception>
    public T Read(string text, string origin)
    {
        try
        {
            return read(text, origin);
        }
        catch (InferometerException error)
        {
            throw new UsageException(error.Message, error);
        }
    }

    /// <summary>The same values standing for something else.</summary>
    public Domain<TOther> As<TOther>(Func<T, TOther> convert) => new(help, range, (text, origin) => convert(read(text, origin)));

    /// <summary>Reads one text for the parser, which collects errors and does not catch them.</summary>
    public bool TryParse(ArgumentResult result, string text, string origin, out T value)
    {
        try
        {
            value = Read(text, origin);
            return true;
        }
        catch (UsageException error)
        {
            result.AddError(error.Message);
            value = default!;
            return false;
        }
    }
}
