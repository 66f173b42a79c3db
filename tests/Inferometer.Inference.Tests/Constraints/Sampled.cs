using System.Text;
using Inferometer.Inference.Constraints;
using Inferometer.Inference.Constraints.Decoding;
using Inferometer.Inference.Sampling;
using Inferometer.Inference.Tests.Sampling;
using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.Inference.Tests.Constraints;

/// <summary>Texts sampled from random logits under a constraint, as an engine would sample them.</summary>
internal sealed class Sampled
{
    private readonly ConstraintMachine _machine;
    private readonly Sampler _sampler;
    private readonly OutputConstraint _constraint;

    public Sampled(OutputConstraint constraint, Tokenizer? tokenizer = null)
    {
        _constraint = constraint;
        Tokenizer = tokenizer ?? Vocabulary;
        _machine = new ConstraintMachine(GrammarCompiler.Compile(constraint.Grammar, new TokenTrie(Tokenizer)));
        _sampler = new Sampler(Tokenizer.VocabularySize);
    }

    /// <summary>Bytes, and pieces that go over the borders of what grammars name.</summary>
    public static Tokenizer Vocabulary { get; } = TestVocabulary.Create(
        "{\"", "\":", "\": ", "\",\"", "\", \"", "\"}", "}}", "]}", "[[", "],", "},{", "true", "tr", "ue", "null,", "null}", "12.5",
            "e1", "0.", "-", "17", "2024-", " \n",
        "\n  ", "name", "na", "na\":", "\\u", "\\n", "d8", "00", "\u4e2d\u6587", "a\u00e9", "abc", "abc\"", "the cat",
        " cat", "a@b.c", "://", "Hello", "a|b", "))", "::");

    public Tokenizer Tokenizer { get; }

    public Configuration Start => _machine.Start;

    public ConstraintMachine Machine => _machine;

    /// <summary>A text, and whether it came to its end within the tokens.</summary>
    public (string Text, bool IsWhole) Next(int seed, int maxTokens = 4000)
    {
        Random random = new(seed);
        SamplerState state = new(new SamplingOptions { Constraint = _constraint }, [], Tokenizer, _machine, maxTokens, (ulong)seed);
        List<byte> text = [];
        float[] logits = new float[Tokenizer.VocabularySize];
        while (!state.IsComplete)
        {
            if (state.OutputTokens == maxTokens)
            {
                return (Encoding.UTF8.GetString([.. text]), false);
            }

            // The end is as probable as all else together, so that what may go on for ever does not.
            for (int i = 0; i < logits.Length; i++)
            {
                logits[i] = (float)(random.NextDouble() * 8);
            }

            logits[TestVocabulary.End] += 6;
            int token = _sampler.Sample(logits, state, out _);
            if (Tokenizer.IsEndOfGeneration(token))
            {
                break;
            }

            text.AddRange(Tokenizer.TokenBytes(token));
        }

        return (Encoding.UTF8.GetString([.. text]), true);
    }
}
