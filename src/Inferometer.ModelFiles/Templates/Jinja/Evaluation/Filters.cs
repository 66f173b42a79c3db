using System.Collections.Frozen;
using Inferometer.ModelFiles.Templates.Jinja.Values;

namespace Inferometer.ModelFiles.Templates.Jinja.Evaluation;

/// <summary>A filter: the interpreter it runs in, the value before the bar, and what stands in the parentheses.</summary>
internal delegate JinjaValue Filter(Interpreter interpreter, JinjaValue value, Arguments arguments);

/// <summary>What can follow <c>|</c>, by name.</summary>
internal static class Filters
{
    private static readonly FrozenDictionary<string, Filter> All =
        ((IEnumerable<KeyValuePair<string, Filter>>)[.. TextFilters.All, .. NumberFilters.All, .. SequenceFilters.All,
            .. ChoosingFilters.All, .. OrderingFilters.All])
        .ToFrozenDictionary(StringComparer.Ordinal);

    public static Filter? Find(string name) => All.GetValueOrDefault(name);
}
