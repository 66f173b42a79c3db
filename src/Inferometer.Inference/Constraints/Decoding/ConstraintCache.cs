using Inferometer.Core;
using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.Inference.Constraints.Decoding;

/// <summary>The constraints in use with the vocabulary of an engine, made ready once. Thread-safe; the machines it gives out are
/// not.</summary>
internal sealed class ConstraintCache(Tokenizer tokenizer)
{
    private const int Most = 32;
    private readonly Lock _gate = new();
    private readonly Lazy<TokenTrie> _trie = new(() => new TokenTrie(tokenizer));
    private readonly List<(OutputConstraint Constraint, ConstraintMachine Machine)> _recent = []; // the latest last

    /// <summary>The machine of a constraint.</summary>
    /// <exception cref="InferometerException">The constraint is too large, can never be fulfilled, or does not fit the
    /// vocabulary.</exception>
    public ConstraintMachine MachineOf(OutputConstraint constraint)
    {
        lock (_gate)
        {
            int at = _recent.FindIndex(known => known.Constraint.Equals(constraint));
            (OutputConstraint Constraint, ConstraintMachine Machine) entry = at >= 0
                ? _recent[at]
                : (constraint, new ConstraintMachine(GrammarCompiler.Compile(constraint.Grammar, _trie.Value)));
            if (at >= 0)
            {
                _recent.RemoveAt(at);
            }
            else if (_recent.Count == Most)
            {
                _recent.RemoveAt(0);
            }

            _recent.Add(entry);
            return entry.Machine;
        }
    }
}
