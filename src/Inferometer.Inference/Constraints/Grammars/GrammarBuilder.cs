namespace Inferometer.Inference.Constraints.Grammars;

/// <summary>Collects rules, which may name each other before they are defined.</summary>
internal sealed class GrammarBuilder
{
    private readonly List<GrammarRule> _rules = [];

    /// <summary>A rule that is to be defined; until then it stands for nothing.</summary>
    public int Declare(string name)
    {
        _rules.Add(new GrammarRule(name, Expression.Never));
        return _rules.Count - 1;
    }

    public void Define(int rule, Expression body) => _rules[rule] = _rules[rule] with { Body = body };

    /// <summary>A rule of a body that is known already.</summary>
    public Expression Add(string name, Expression body)
    {
        int rule = Declare(name);
        Define(rule, body);
        return new RuleExpression(rule);
    }

    public Grammar Build(int root, string origin) => new([.. _rules], root, origin);
}
