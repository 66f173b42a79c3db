using System.Globalization;
using Inferometer.ModelFiles.Templates.Jinja.Syntax;
using Inferometer.ModelFiles.Templates.Jinja.Values;

namespace Inferometer.ModelFiles.Templates.Jinja.Evaluation;

/// <summary>A macro with the scope it was defined in.</summary>
internal sealed class MacroValue(Macro macro, Scope scope, Interpreter interpreter) : CallableValue
{
    public override string TypeName => "Macro";

    public override JinjaValue? Attribute(string name) => name switch
    {
        "name" => new StringValue(macro.Name),
        "arguments" => new TupleValue([.. macro.Parameters.Select(parameter => new StringValue(parameter.Name))]),
        "caller" => BooleanValue.Of(macro.UsesCaller),
        "catch_kwargs" => BooleanValue.Of(macro.UsesNamed),
        "catch_varargs" => BooleanValue.Of(macro.UsesPositional),
        _ => null,
    };

    public override JinjaValue Call(Arguments arguments)
    {
        var inner = new Scope(scope);
        Dictionary<string, JinjaValue> named = new(arguments.Named, StringComparer.Ordinal);
        int taken = Math.Min(arguments.Positional.Count, macro.Parameters.Length);
        bool hasCaller = false;
        var missing = new List<(string Name, Expression? Default)>();
        for (int i = 0; i < macro.Parameters.Length; i++)
        {
            (string name, Expression? fallback) = macro.Parameters[i];
            hasCaller |= name is "caller";
            if (i < taken)
            {
                inner.Set(name, arguments.Positional[i]);
            }
            else if (named.Remove(name, out JinjaValue? value))
            {
                inner.Set(name, value);
            }
            else
            {
                missing.Add((name, fallback));
            }
        }

        SetSpecial(inner, arguments, named, taken, hasCaller);
        foreach ((string name, Expression? fallback) in missing)
        {
            inner.Set(name, new UndefinedValue($"parameter '{name}' was not provided"));
            if (fallback is not null)
            {
                inner.Set(name, interpreter.Evaluate(fallback, inner));
            }
        }

        return new StringValue(interpreter.Capture(macro.Body, inner));
    }

    private void SetSpecial(Scope inner, Arguments arguments, Dictionary<string, JinjaValue> named, int taken, bool hasCaller)
    {
        if (macro.UsesCaller && !hasCaller)
        {
            inner.Set("caller", named.Remove("caller", out JinjaValue? caller) ? caller : new UndefinedValue("no caller defined"));
        }

        if (macro.UsesNamed)
        {
            OrderedDictionary<JinjaValue, JinjaValue> rest = MappingValue.NewItems();
            foreach ((string name, JinjaValue value) in arguments.Named.Where(pair => named.ContainsKey(pair.Key)))
            {
                rest[new StringValue(name)] = value;
            }

            inner.Set("kwargs", new MappingValue(rest));
        }
        else if (named.Count > 0)
        {
            throw new JinjaException($"macro '{macro.Name}' takes no keyword argument '{named.Keys.First()}'");
        }

        if (macro.UsesPositional)
        {
            inner.Set("varargs", new TupleValue([.. arguments.Positional.Skip(taken)]));
        }
        else if (arguments.Positional.Count > taken)
        {
            throw new JinjaException(string.Create(CultureInfo.InvariantCulture,
                $"macro '{macro.Name}' takes not more than {macro.Parameters.Length} argument(s)"));
        }
    }
}
