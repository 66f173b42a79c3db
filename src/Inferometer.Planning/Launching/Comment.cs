using System.Text;

namespace Inferometer.Planning.Launching;

/// <summary>Comments of shells and of YAML.</summary>
internal static class Comment
{
    private const int Width = 120;

    /// <summary>A sentence as lines that begin with a hash sign, broken between words; a longer word has a line of its own.</summary>
    public static string Of(string sentence)
    {
        StringBuilder text = new("#");
        int column = 1;
        foreach (string word in sentence.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (column > 1 && column + 1 + word.Length > Width)
            {
                text.Append("\n#  ");
                column = 3;
            }

            text.Append(' ').Append(word);
            column += 1 + word.Length;
        }

        return text.Append('\n').ToString();
    }
}
