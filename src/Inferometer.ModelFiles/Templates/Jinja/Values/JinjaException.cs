namespace Inferometer.ModelFiles.Templates.Jinja.Values;

/// <summary>What is wrong with a template or with what it does; the place is added where it is known.</summary>
internal sealed class JinjaException(string message, bool isRaisedByTemplate = false) : Exception(message)
{
    /// <summary>The template itself refused, through <c>raise_exception</c>.</summary>
    public bool IsRaisedByTemplate { get; } = isRaisedByTemplate;

    /// <summary>Place in the source, when it is not the one being executed.</summary>
    public int? Offset { get; init; }
}
