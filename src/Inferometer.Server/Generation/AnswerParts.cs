using System.Text;
using Inferometer.Inference.Chat.Formats;
using Inferometer.Inference.Engine;

namespace Inferometer.Server.Generation;

/// <summary>
/// One answer taken apart as it comes: text, reasoning, calls. Where there is nothing to take apart, text passes through without an
/// allocation. Not thread-safe.
/// </summary>
internal sealed class AnswerParts
{
    private readonly ChatPlan? _plan;
    private readonly AnswerReader? _reader;
    private readonly List<AnswerPart> _parts = [];
    private readonly StringBuilder _text = new();
    private readonly StringBuilder _reasoning = new();
    private readonly List<ToolCall> _calls = [];
    private int _tokens;

    /// <summary>Begins to read.</summary>
    /// <param name="plan">How the answer was asked for; null = its text is all there is.</param>
    /// <param name="callsInPieces">Whether calls are wanted as they are written, where they can be.</param>
    public AnswerParts(ChatPlan? plan, bool callsInPieces)
    {
        _plan = plan;
        _reader = plan?.Reader?.Invoke(callsInPieces && plan.HoldsCalls);
    }

    /// <summary>The text, as far as it was kept.</summary>
    public string Text => _text.ToString();

    /// <summary>The reasoning, as far as it was kept.</summary>
    public string Reasoning => _reasoning.ToString();

    /// <summary>The calls given out.</summary>
    public IReadOnlyList<ToolCall> Calls => _calls;

    /// <summary>Tokens up to the last one of reasoning.</summary>
    public int ReasoningTokens { get; private set; }

    /// <summary>Begins the text that is kept with what is given out before the output.</summary>
    public void Begin(string? text) => _text.Append(text);

    /// <summary>What a piece of the output makes certain.</summary>
    /// <returns>The parts; good until the next call.</returns>
    public IReadOnlyList<AnswerPart> Take(in GenerationUpdate update)
    {
        _parts.Clear();
        _tokens += update.TokenId is null ? 0 : 1;
        if (_reader is null)
        {
            if (update.Text.Length > 0)
            {
                _parts.Add(new AnswerPart(AnswerPartKind.Text, update.Text));
            }

            return _parts;
        }

        Add(_reader.Append(update.Text));
        if (update.Usage is not null)
        {
            Add(_reader.Complete());
        }

        return _parts;
    }

    /// <summary>Keeps what a piece of the output makes certain, for an answer that is written whole.</summary>
    public void Keep(in GenerationUpdate update)
    {
        IReadOnlyList<AnswerPart> parts = Take(update);
        for (int i = 0; i < parts.Count; i++)
        {
            (parts[i].Kind == AnswerPartKind.Reasoning ? _reasoning : _text).Append(parts[i].Text);
        }
    }

    private void Add(IReadOnlyList<AnswerPart> parts)
    {
        foreach (AnswerPart part in parts)
        {
            if (part.Kind == AnswerPartKind.ToolCall && part.Call is { } call)
            {
                if (_calls.Count > 0 && _plan is { TakesManyCalls: false })
                {
                    continue;
                }

                _calls.Add(call);
            }
            else if (part.Kind == AnswerPartKind.Reasoning)
            {
                ReasoningTokens = _tokens;
            }

            _parts.Add(part);
        }
    }
}
