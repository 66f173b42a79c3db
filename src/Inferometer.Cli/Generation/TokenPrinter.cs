using System.Globalization;
using System.Text;
using Inferometer.Inference.Chat.Formats;
using Inferometer.Inference.Engine;
using Inferometer.Inference.Sampling;
using Inferometer.ModelFiles.Tokenization;
using Inferometer.Reports.Documents;

namespace Inferometer.Cli.Generation;

/// <summary>Writes a stream as it comes: running text, or a line per token with its probability.</summary>
/// <param name="output">Where to.</param>
/// <param name="tokenizer">Names tokens.</param>
/// <param name="reader">Tells reasoning from the answer; null where all is answer.</param>
/// <param name="thoughts">Where reasoning is shown, apart from the answer.</param>
internal sealed class TokenPrinter(TextWriter output, Tokenizer tokenizer, AnswerReader? reader = null, ReasoningPrinter? thoughts = null)
{
    private readonly StringBuilder _text = new();
    private readonly StringBuilder _reasoning = new();
    private bool _lineIsOpen;

    /// <summary>All text of the answer so far.</summary>
    public string Text => _text.ToString();

    /// <summary>All reasoning so far; null where it is not told apart.</summary>
    public string? Reasoning => reader is null ? null : _reasoning.ToString();

    /// <summary>The last update, with reason and usage; null until it came.</summary>
    public GenerationUpdate? Last { get; private set; }

    /// <summary>Writes what an update completed.</summary>
    public void Write(GenerationUpdate update)
    {
        if (update.LogProbabilities is { } logs)
        {
            output.WriteLine(Line(logs));
        }

        bool isShown = update.LogProbabilities is null && Last is null;
        if (reader is null)
        {
            Write(update.Text, isShown);
        }
        else
        {
            Write(reader.Append(update.Text), isShown);
            if (update.Usage is not null)
            {
                Write(reader.Complete(), isShown);
            }
        }

        Last = update.Usage is null ? null : update;
    }

    private void Write(IReadOnlyList<AnswerPart> parts, bool isShown)
    {
        foreach (AnswerPart part in parts)
        {
            if (part.Kind == AnswerPartKind.Text)
            {
                thoughts?.End();
                Write(part.Text, isShown);
            }
            else
            {
                _reasoning.Append(part.Text);
                if (isShown)
                {
                    thoughts?.Write(part.Text);
                }
            }
        }
    }

    private void Write(string text, bool isShown)
    {
        _text.Append(text);
        if (isShown && text.Length > 0)
        {
            output.Write(text);
            output.Flush();
            _lineIsOpen = text[^1] != '\n';
        }
    }

    /// <summary>Ends the line that is open, if any.</summary>
    public void EndLine()
    {
        thoughts?.End();
        if (_lineIsOpen)
        {
            output.WriteLine();
            _lineIsOpen = false;
        }

        output.Flush();
    }

    /// <summary>A token's text in quotes, with line ends and other invisible characters written out.</summary>
    public string Quoted(int token)
    {
        string text = tokenizer.IsControl(token) ? tokenizer.TokenText(token) : tokenizer.Decode([token], isContinuation: true);
        return VisibleText.Of(text);
    }

    private string Line(TokenLogProbabilities logs)
    {
        string top = string.Join("  ", logs.Top.Select(t => $"{Quoted(t.TokenId)} {Percent(t.LogProbability)}"));
        return $"{Percent(logs.Chosen.LogProbability),7}  {Quoted(logs.Chosen.TokenId),-18}{(top.Length > 0 ? "  " + top : "")}";
    }

    private static string Percent(double logProbability) =>
        (100 * Math.Exp(logProbability)).ToString("0.0", CultureInfo.InvariantCulture) + "%";
}
