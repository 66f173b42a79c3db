using Inferometer.ModelFiles.Templates.Jinja.Values;

namespace Inferometer.ModelFiles.Templates.Jinja.Evaluation;

/// <summary>
/// The <c>loop</c> of a <c>for</c>. Looks ahead only when asked, so that a filter on the elements runs when the
/// reference runs it.
/// </summary>
/// <param name="elements">What is gone through.</param>
/// <param name="length">Its length where that is known beforehand.</param>
/// <param name="depth">How many recursive loops are around it.</param>
/// <param name="recurse">Renders the body for another source; null unless the loop is recursive.</param>
/// <param name="budget">Counts comparisons.</param>
internal sealed class LoopValue(
    IEnumerator<JinjaValue> elements, int? length, int depth, Func<JinjaValue, int, JinjaValue>? recurse, Budget budget) : CallableValue
{
    private readonly Queue<JinjaValue> _ahead = new();
    private JinjaValue? _previous;
    private JinjaValue? _current;
    private JinjaValue[]? _last;
    private int? _length = length;
    private int _index = -1;

    public override string TypeName => "LoopContext";

    /// <summary>Goes to the next element; null after the last.</summary>
    public JinjaValue? Next()
    {
        JinjaValue? next = _ahead.Count > 0 ? _ahead.Dequeue() : elements.MoveNext() ? elements.Current : null;
        if (next is not null)
        {
            _index++;
            (_previous, _current) = (_current, next);
        }

        return next;
    }

    public override JinjaValue? Attribute(string name) => name switch
    {
        "index" => new IntegerValue(_index + 1),
        "index0" => new IntegerValue(_index),
        "first" => BooleanValue.Of(_index == 0),
        "last" => BooleanValue.Of(Following() is null),
        "length" => new IntegerValue(Length()),
        "revindex" => new IntegerValue(Length() - _index),
        "revindex0" => new IntegerValue(Length() - _index - 1),
        "previtem" => _previous ?? new UndefinedValue("there is no previous item"),
        "nextitem" => Following() ?? new UndefinedValue("there is no next item"),
        "depth" => new IntegerValue(depth + 1),
        "depth0" => new IntegerValue(depth),
        "cycle" => new FunctionValue(name, Cycle),
        "changed" => new FunctionValue(name, Changed),
        _ => null,
    };

    public override JinjaValue Call(Arguments arguments) => recurse is null
        ? throw new JinjaException("the loop must have the 'recursive' marker to be called")
        : recurse(arguments.Bind("loop", 1, "iterable")[0]!, depth + 1);

    private JinjaValue? Following()
    {
        if (_ahead.Count == 0 && elements.MoveNext())
        {
            _ahead.Enqueue(elements.Current);
        }

        return _ahead.Count > 0 ? _ahead.Peek() : null;
    }

    private int Length()
    {
        if (_length is int known)
        {
            return known;
        }

        while (elements.MoveNext())
        {
            budget.Step();
            _ahead.Enqueue(elements.Current);
        }

        return (_length = _index + 1 + _ahead.Count).Value;
    }

    private JinjaValue Cycle(Arguments arguments) => arguments.Positional.Count == 0
        ? throw new JinjaException("no items for cycling given")
        : arguments.Positional[_index % arguments.Positional.Count];

    private BooleanValue Changed(Arguments arguments)
    {
        JinjaValue[] now = [.. arguments.Positional];
        bool isSame = _last is not null && Comparison.AreEqual(new TupleValue(_last), new TupleValue(now), budget);
        _last = now;
        return BooleanValue.Of(!isSame);
    }
}
