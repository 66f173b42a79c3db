using System.Globalization;
using System.Text;
using Inferometer.ModelFiles.Templates.Jinja.Syntax;
using Inferometer.ModelFiles.Templates.Jinja.Values;

namespace Inferometer.ModelFiles.Templates.Jinja.Evaluation;

/// <summary>Runs a template once. <see cref="Offset"/> follows what is being executed, for messages.</summary>
internal sealed partial class Interpreter(JinjaLimits limits, TimeProvider clock, CancellationToken cancellationToken)
{
    /// <summary>Depth of macros that call macros, and of recursive loops.</summary>
    private const int DeepestCall = 200;

    private StringBuilder _output = new();
    private int _calls;

    /// <summary>How a body ended.</summary>
    private enum Flow
    {
        Through,
        Break,
        Continue,
    }

    public Budget Budget { get; } = new(limits.Steps, limits.Size, cancellationToken);

    public TimeProvider Clock { get; } = clock;

    /// <summary>Place in the source of what is executed.</summary>
    public int Offset { get; private set; }

    /// <summary>The text of a whole template.</summary>
    public string Run(Statement[] body, Scope scope)
    {
        Execute(body, scope);
        return _output.ToString();
    }

    /// <summary>The text of a body.</summary>
    public string Capture(Statement[] body, Scope scope)
    {
        if (++_calls > DeepestCall)
        {
            throw new JinjaException(string.Create(CultureInfo.InvariantCulture, $"macros or loops nested more than {DeepestCall} deep."));
        }

        StringBuilder outer = _output;
        _output = new StringBuilder();
        Execute(body, scope);
        string text = _output.ToString();
        _output = outer;
        _calls--;
        return text;
    }

    private void Write(string text)
    {
        Budget.Take(text.Length);
        if (_output.Length + text.Length > limits.OutputLength)
        {
            throw new JinjaException(string.Create(CultureInfo.InvariantCulture,
                $"the text is longer than {limits.OutputLength} characters."));
        }

        _output.Append(text);
    }

    private Flow Execute(Statement[] body, Scope scope)
    {
        Budget.Deepen();
        foreach (Statement statement in body)
        {
            Flow flow = Execute(statement, scope);
            if (flow != Flow.Through)
            {
                return flow;
            }
        }

        return Flow.Through;
    }

    private Flow Execute(Statement statement, Scope scope)
    {
        Budget.Step();
        Offset = statement.Offset;
        switch (statement)
        {
            case TextStatement text:
                Write(text.Text);
                break;
            case PrintStatement print:
                JinjaValue value = Evaluate(print.Value, scope);
                Offset = print.Offset;
                Write(Printing.Text(value, Budget));
                break;
            case IfStatement conditional:
                return Execute(Branch(conditional, scope), scope);
            case ForStatement loop:
                Loop(loop, Evaluate(loop.Source, scope), scope, depth: 0);
                break;
            case BreakStatement:
                return Flow.Break;
            case ContinueStatement:
                return Flow.Continue;
            case SetStatement set:
                Assign(set.Target, Evaluate(set.Value, scope), scope);
                break;
            case SetBlockStatement set:
                Assign(set.Target, Filtered(set.Filters, set.Body, scope), scope);
                break;
            case MacroStatement macro:
                scope.Set(macro.Macro.Name, new MacroValue(macro.Macro, scope, this));
                break;
            case CallStatement call:
                Call(call, scope);
                break;
            case FilterStatement filter:
                Write((Filtered(filter.Filters, filter.Body, scope) as StringValue)?.Text
                    ?? throw new JinjaException("the filters of a block must give text"));
                break;
            case WithStatement with:
                With(with, scope);
                break;
            default:
                Execute(((ScopeStatement)statement).Body, new Scope(scope));
                break;
        }

        return Flow.Through;
    }

    private Statement[] Branch(IfStatement statement, Scope scope)
    {
        foreach ((Expression test, Statement[] body) in statement.Branches)
        {
            if (Evaluate(test, scope).IsTrue)
            {
                return body;
            }
        }

        return statement.Otherwise;
    }

    private void Loop(ForStatement statement, JinjaValue source, Scope scope, int depth)
    {
        Offset = statement.Source.Offset;
        IEnumerable<JinjaValue> elements = Iteration.Over(source);
        int? length = statement.Filter is null ? Iteration.Length(source) : null;
        if (statement.Filter is not null)
        {
            elements = elements.Where(element =>
            {
                var inner = new Scope(scope);
                Assign(statement.Target, element, inner);
                return Evaluate(statement.Filter, inner).IsTrue;
            });
        }

        using IEnumerator<JinjaValue> enumerator = elements.GetEnumerator();
        var loop = new LoopValue(enumerator, length, depth, statement.IsRecursive ? Recurse : null, Budget);
        bool hasFinishedOne = false;
        while (loop.Next() is { } element)
        {
            Budget.Step();
            var inner = new Scope(scope);
            inner.Set("loop", loop);
            Offset = statement.Target.Offset;
            Assign(statement.Target, element, inner);
            Flow flow = Execute(statement.Body, inner);
            if (flow == Flow.Break)
            {
                break;
            }

            // As in the reference, where a turn left by 'continue' does not count: 'else' runs when all were.
            hasFinishedOne |= flow == Flow.Through;
        }

        if (!hasFinishedOne)
        {
            Execute(statement.Otherwise, new Scope(scope));
        }

        JinjaValue Recurse(JinjaValue inner, int level)
        {
            if (++_calls > DeepestCall)
            {
                throw new JinjaException(string.Create(CultureInfo.InvariantCulture,
                    $"macros or loops nested more than {DeepestCall} deep."));
            }

            StringBuilder outer = _output;
            _output = new StringBuilder();
            Loop(statement, inner, scope, level);
            string text = _output.ToString();
            _output = outer;
            _calls--;
            return new StringValue(text);
        }
    }

    private void Assign(Target target, JinjaValue value, Scope scope)
    {
        switch (target)
        {
            case NameTarget name:
                scope.Set(name.Name, value);
                break;
            case NamespaceTarget name:
                Offset = name.Offset;
                NamespaceValue space = scope.Find(name.Namespace) as NamespaceValue
                    ?? throw new JinjaException(
                        $"cannot assign the attribute '{name.Attribute}': '{name.Namespace}' is no namespace object");
                space.Attributes[name.Attribute] = value;
                break;
            default:
                Unpack((TupleTarget)target, value, scope);
                break;
        }
    }

    private void Unpack(TupleTarget target, JinjaValue value, Scope scope)
    {
        Offset = target.Offset;
        JinjaValue[] items = Iteration.ToArray(value, Budget);
        if (items.Length != target.Items.Length)
        {
            throw new JinjaException(string.Create(CultureInfo.InvariantCulture,
                $"cannot unpack {items.Length} values into {target.Items.Length} names"));
        }

        for (int i = 0; i < items.Length; i++)
        {
            Assign(target.Items[i], items[i], scope);
        }
    }

    private JinjaValue Filtered(FilterCall[] filters, Statement[] body, Scope scope)
    {
        JinjaValue value = new StringValue(Capture(body, new Scope(scope)));
        foreach (FilterCall filter in filters)
        {
            value = Apply(filter, value, scope);
        }

        return value;
    }

    private void Call(CallStatement statement, Scope scope)
    {
        JinjaValue callee = Evaluate(statement.Call.Callee, scope);
        Arguments given = Evaluate(statement.Call.Arguments, scope);
        var caller = new MacroValue(statement.Caller, scope, this);
        Offset = statement.Call.Offset;
        var all = new Arguments(given.Positional, [.. given.Named, KeyValuePair.Create("caller", (JinjaValue)caller)]);
        JinjaValue result = Call(callee, all);
        Write(Printing.Text(result, Budget));
    }

    private void With(WithStatement statement, Scope scope)
    {
        var inner = new Scope(scope);
        foreach ((Target target, Expression value) in statement.Assignments)
        {
            Assign(target, Evaluate(value, scope), inner);
        }

        Execute(statement.Body, inner);
    }
}
