using System.Text.Json;
using Inferometer.Core;

namespace Inferometer.Inference.Constraints.Schemas;

/// <summary>A schema inside a schema.</summary>
/// <param name="Element">It.</param>
/// <param name="Pointer">Where it is: a JSON pointer behind <c>#</c>.</param>
internal sealed record SchemaPlace(JsonElement Element, string Pointer)
{
    /// <summary>A schema of a member, or of an element of an array.</summary>
    public SchemaPlace At(string name, JsonElement element) =>
        new(element, $"{Pointer}/{name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)}");

    /// <summary>An error about a keyword here.</summary>
    public InferometerException Fault(string origin, string keyword, string message) =>
        new($"{origin}, at {Pointer}: '{keyword}' {message}");
}
