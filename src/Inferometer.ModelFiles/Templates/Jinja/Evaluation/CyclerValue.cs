using Inferometer.ModelFiles.Templates.Jinja.Values;

namespace Inferometer.ModelFiles.Templates.Jinja.Evaluation;

/// <summary>Values in turn, with <c>next()</c>, <c>current</c> and <c>reset()</c>.</summary>
internal sealed class CyclerValue(IReadOnlyList<JinjaValue> items) : JinjaValue
{
    private readonly IReadOnlyList<JinjaValue> _items = items.Count > 0 ? items
        : throw new JinjaException("at least one item has to be provided");
    private int _at;

    public override string TypeName => "Cycler";

    public override JinjaValue? Attribute(string name) => name switch
    {
        "current" => _items[_at],
        "next" => new FunctionValue(name, _ =>
        {
            JinjaValue item = _items[_at];
            _at = (_at + 1) % _items.Count;
            return item;
        }),
        "reset" => new FunctionValue(name, _ =>
        {
            _at = 0;
            return NoneValue.Instance;
        }),
        _ => null,
    };
}
