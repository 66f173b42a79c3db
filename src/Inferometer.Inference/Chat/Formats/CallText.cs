namespace Inferometer.Inference.Chat.Formats;

/// <summary>A text of calls that is read letter by letter, with blanks of any kind between its parts.</summary>
/// <param name="source">The text.</param>
internal abstract class CallText(string source)
{
    /// <summary>The text.</summary>
    protected string Source { get; } = source;

    /// <summary>The place of the next letter.</summary>
    protected int At { get; set; }

    /// <summary>The next letter behind blanks; 0 at the end.</summary>
    protected char Peek()
    {
        Skip();
        return At < Source.Length ? Source[At] : '\0';
    }

    /// <summary>Goes past a letter and the blanks before it; past the blanks alone where it is not there.</summary>
    protected bool Take(char expected)
    {
        bool isThere = Peek() == expected && At < Source.Length;
        At += isThere ? 1 : 0;
        return isThere;
    }

    /// <summary>Goes past blanks.</summary>
    protected void Skip()
    {
        while (At < Source.Length && char.IsWhiteSpace(Source[At]))
        {
            At++;
        }
    }
}
