using System.Text.RegularExpressions;

namespace Inferometer.ModelFiles.Tokenization;

/// <summary>One change made to a fragment of text before it is split into pieces.</summary>
internal abstract record NormalizerStep
{
    /// <summary>Applies the step to a fragment that is not empty; <paramref name="isFirst"/> says that it begins the whole text.</summary>
    public abstract string Apply(string fragment, bool isFirst);
}

/// <summary>Puts a prefix before fragments.</summary>
internal sealed record PrependStep(string Prefix, bool OnlyFirst = false, bool OnlyWhenMissing = false) : NormalizerStep
{
    public override string Apply(string fragment, bool isFirst) =>
        fragment.Length == 0 || (OnlyFirst && !isFirst) || (OnlyWhenMissing && fragment.StartsWith(Prefix, StringComparison.Ordinal))
            ? fragment
            : Prefix + fragment;
}

/// <summary>Replaces every occurrence of a literal.</summary>
internal sealed record ReplaceStep(string Old, string New) : NormalizerStep
{
    public override string Apply(string fragment, bool isFirst) => fragment.Replace(Old, New, StringComparison.Ordinal);
}

/// <summary>Unicode normalisation form C.</summary>
internal sealed record ComposeStep : NormalizerStep
{
    public override string Apply(string fragment, bool isFirst) => CanonicalComposition.Compose(fragment);
}

/// <summary>Replaces every match of a pattern.</summary>
internal sealed record ReplacePatternStep(Regex Pattern, string New) : NormalizerStep
{
    // The replacement is a text, in which '$' names no group.
    public override string Apply(string fragment, bool isFirst) => Pattern.Replace(fragment, _ => New);
}

/// <summary>Leaves out white space at the ends.</summary>
internal sealed record StripStep(bool Left, bool Right) : NormalizerStep
{
    public override string Apply(string fragment, bool isFirst)
    {
        fragment = Left ? fragment.TrimStart() : fragment;
        return Right ? fragment.TrimEnd() : fragment;
    }
}
