using Inferometer.ModelFiles.Templates.Jinja.Values;

namespace Inferometer.ModelFiles.Templates.Jinja.Evaluation;

/// <summary>Names and their values: those of a loop's turn, a macro or the template, and behind them those of the scopes around.</summary>
internal sealed class Scope(Scope? outer)
{
    private Dictionary<string, JinjaValue>? _values;

    public JinjaValue? Find(string name)
    {
        for (Scope? scope = this; scope is not null; scope = scope.Outer)
        {
            if (scope._values is { } values && values.TryGetValue(name, out JinjaValue? value))
            {
                return value;
            }
        }

        return null;
    }

    private Scope? Outer { get; } = outer;

    public void Set(string name, JinjaValue value) => (_values ??= new(StringComparer.Ordinal))[name] = value;
}
