namespace Inferometer.Inference.Constraints.Grammars;

/// <summary>How what is no character is written into an automaton: rules and tokens.</summary>
internal interface IGrammarSymbols
{
    /// <summary>Adds the paths of a rule or a token between two states.</summary>
    void Add(NfaBuilder builder, Expression expression, int from, int to);
}
