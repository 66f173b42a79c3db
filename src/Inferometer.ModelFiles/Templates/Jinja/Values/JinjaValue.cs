using System.Numerics;

namespace Inferometer.ModelFiles.Templates.Jinja.Values;

/// <summary>
/// A value of a template: one of Python's types, or one of Jinja's own. The set is closed, and nothing of the host program is among it.
/// </summary>
internal abstract class JinjaValue
{
    /// <summary>Python's name of the type, for messages.</summary>
    public abstract string TypeName { get; }

    /// <summary>Whether a condition takes it as true.</summary>
    public virtual bool IsTrue => true;

    /// <summary>An attribute that is no method of a built-in type; null where there is none.</summary>
    public virtual JinjaValue? Attribute(string name) => null;
}

/// <summary>A name, item or attribute that is not there: prints as nothing, iterates over nothing, fails in anything else.</summary>
internal sealed class UndefinedValue(string message) : JinjaValue
{
    public override string TypeName => "Undefined";

    public override bool IsTrue => false;

    /// <summary>What is undefined and why.</summary>
    public string Message { get; } = message;

    public JinjaException Failure() => new(Message);
}

/// <summary>Python's <c>None</c>.</summary>
internal sealed class NoneValue : JinjaValue
{
    public static readonly NoneValue Instance = new();

    private NoneValue()
    {
    }

    public override string TypeName => "NoneType";

    public override bool IsTrue => false;
}

/// <summary><c>True</c> or <c>False</c>; in arithmetic 1 or 0.</summary>
internal sealed class BooleanValue : JinjaValue
{
    public static readonly BooleanValue True = new(true);
    public static readonly BooleanValue False = new(false);

    private BooleanValue(bool value) => Value = value;

    public bool Value { get; }

    public override string TypeName => "bool";

    public override bool IsTrue => Value;

    public static BooleanValue Of(bool value) => value ? True : False;
}

/// <summary>A whole number of any size.</summary>
internal sealed class IntegerValue(BigInteger value) : JinjaValue
{
    public BigInteger Value { get; } = value;

    public override string TypeName => "int";

    public override bool IsTrue => !Value.IsZero;
}

/// <summary>A floating-point number.</summary>
internal sealed class FloatValue(double value) : JinjaValue
{
    public double Value { get; } = value;

    public override string TypeName => "float";

    public override bool IsTrue => Value != 0;
}

/// <summary>Text. What <c>safe</c> and <c>escape</c> return is marked up: text joined to it with <c>+</c> is escaped for HTML.</summary>
internal sealed class StringValue(string text, bool isMarkup = false) : JinjaValue
{
    public static readonly StringValue Empty = new("");

    public string Text { get; } = text;

    public bool IsMarkup { get; } = isMarkup;

    public override string TypeName => IsMarkup ? "Markup" : "str";

    public override bool IsTrue => Text.Length > 0;

    /// <summary>The same kind of text.</summary>
    public StringValue With(string text) => new(text, IsMarkup);
}

/// <summary>A list or a tuple.</summary>
internal abstract class SequenceValue(JinjaValue[] items) : JinjaValue
{
    public JinjaValue[] Items { get; } = items;

    public override bool IsTrue => Items.Length > 0;

    /// <summary>Another sequence of the same type.</summary>
    public abstract SequenceValue With(JinjaValue[] items);
}

/// <summary>A list; templates cannot change it.</summary>
internal sealed class ListValue(JinjaValue[] items) : SequenceValue(items)
{
    public override string TypeName => "list";

    public override SequenceValue With(JinjaValue[] items) => new ListValue(items);
}

/// <summary>A tuple; the groups of <c>groupby</c> are tuples whose two items have names.</summary>
internal sealed class TupleValue(JinjaValue[] items, bool isGroup = false) : SequenceValue(items)
{
    public override string TypeName => "tuple";

    public override SequenceValue With(JinjaValue[] items) => new TupleValue(items);

    public override JinjaValue? Attribute(string name) => !isGroup ? null : name switch
    {
        "grouper" => Items[0],
        "list" => Items[1],
        _ => null,
    };
}

/// <summary>A dictionary in the order of insertion.</summary>
internal sealed class MappingValue(OrderedDictionary<JinjaValue, JinjaValue> items) : JinjaValue
{
    public OrderedDictionary<JinjaValue, JinjaValue> Items { get; } = items;

    public override string TypeName => "dict";

    public override bool IsTrue => Items.Count > 0;

    public static OrderedDictionary<JinjaValue, JinjaValue> NewItems() => new(KeyComparer.Instance);
}

/// <summary>The keys, values or items of a dictionary, as its methods return them.</summary>
internal sealed class MappingView(MappingValue mapping, string part) : JinjaValue
{
    public override string TypeName => "dict_" + part;

    public override bool IsTrue => mapping.IsTrue;

    public int Count => mapping.Items.Count;

    public IEnumerable<JinjaValue> Elements() => part switch
    {
        "keys" => mapping.Items.Keys,
        "values" => mapping.Items.Values,
        _ => mapping.Items.Select(pair => new TupleValue([pair.Key, pair.Value])),
    };
}

/// <summary>What filters such as <c>map</c> and <c>select</c> return: can be gone through once, and has no length.</summary>
internal sealed class IteratorValue(JinjaValue[] items) : JinjaValue
{
    private int _next;

    public override string TypeName => "generator";

    /// <summary>The elements not yet taken.</summary>
    public IEnumerable<JinjaValue> Elements()
    {
        while (_next < items.Length)
        {
            yield return items[_next++];
        }
    }
}

/// <summary>The result of <c>range</c>.</summary>
internal sealed class RangeValue(long start, long stop, long step, int count) : JinjaValue
{
    public override string TypeName => "range";

    public override bool IsTrue => Count > 0;

    public long Start { get; } = start;

    public long Stop { get; } = stop;

    public long Step { get; } = step;

    public int Count { get; } = count;

    public JinjaValue At(int index) => new IntegerValue(Start + (index * Step));

    public IEnumerable<JinjaValue> Elements() => Enumerable.Range(0, Count).Select(At);
}

/// <summary>An object whose attributes templates may set; the one thing that outlives the scope of a loop.</summary>
internal sealed class NamespaceValue : JinjaValue
{
    public Dictionary<string, JinjaValue> Attributes { get; } = new(StringComparer.Ordinal);

    public override string TypeName => "Namespace";

    public override JinjaValue? Attribute(string name) => Attributes.GetValueOrDefault(name);
}

/// <summary>Something that can be called.</summary>
internal abstract class CallableValue : JinjaValue
{
    public abstract JinjaValue Call(Arguments arguments);
}

/// <summary>A function or a method bound to its object.</summary>
internal sealed class FunctionValue(string name, Func<Arguments, JinjaValue> function) : CallableValue
{
    public override string TypeName => "function";

    public string Name { get; } = name;

    public override JinjaValue Call(Arguments arguments) => function(arguments);
}
