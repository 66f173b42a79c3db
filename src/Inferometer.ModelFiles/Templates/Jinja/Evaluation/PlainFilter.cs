using Inferometer.ModelFiles.Templates.Jinja.Values;

namespace Inferometer.ModelFiles.Templates.Jinja.Evaluation;

/// <summary>Filters that take nothing but the value.</summary>
internal static class PlainFilter
{
    public static Filter Of(string name, Func<Interpreter, JinjaValue, JinjaValue> apply) => (interpreter, value, arguments) =>
    {
        _ = arguments.Bind(name, 0);
        return apply(interpreter, value);
    };
}
