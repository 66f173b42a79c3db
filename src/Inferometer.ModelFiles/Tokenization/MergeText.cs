using System.Globalization;
using Inferometer.Core;

namespace Inferometer.ModelFiles.Tokenization;

/// <summary>Reads merges written as two parts with a space between.</summary>
internal static class MergeText
{
    public static (string Left, string Right) Parse(string merge, int rank, string source)
    {
        int space = merge.Length < 3 ? -1 : merge.IndexOf(' ', 1);
        return space > 0 && space < merge.Length - 1
            ? (merge[..space], merge[(space + 1)..])
            : throw new InferometerException(
                string.Create(CultureInfo.InvariantCulture, $"{source}: merge {rank} '{merge}' is not two parts with a space between."));
    }
}
