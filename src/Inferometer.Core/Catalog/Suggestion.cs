namespace Inferometer.Core.Catalog;

/// <summary>The closing words of an error about an unknown name.</summary>
internal static class Suggestion
{
    public static string Text(IReadOnlyList<string> near, string list) => near.Count == 0
        ? $"See the list of {list}."
        : $"Did you mean {string.Join(" or ", near.Select(n => $"'{n}'"))}?";
}
