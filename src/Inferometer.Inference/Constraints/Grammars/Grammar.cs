namespace Inferometer.Inference.Constraints.Grammars;

/// <summary>A context-free grammar over characters and tokens. Immutable once made.</summary>
/// <param name="Rules">The rules; expressions name them by their places.</param>
/// <param name="Root">What the whole text must be.</param>
/// <param name="Origin">Where it comes from, for messages.</param>
internal sealed record Grammar(IReadOnlyList<GrammarRule> Rules, int Root, string Origin);

/// <summary>A rule.</summary>
/// <param name="Name">What messages call it.</param>
/// <param name="Body">What it stands for.</param>
internal sealed record GrammarRule(string Name, Expression Body);
