using Inferometer.Core;

namespace Inferometer.ModelFiles.Formats;

/// <summary>Where tensors lie in a file, checked against one another.</summary>
internal static class TensorExtents
{
    /// <summary>Refuses two tensors that share bytes.</summary>
    /// <param name="source">The file, for the message.</param>
    /// <param name="extents">Name, first byte and number of bytes of every tensor; sorted in place.</param>
    /// <exception cref="InferometerException">Two tensors overlap.</exception>
    public static void RequireDisjoint(string source, List<(string Name, long Start, long Length)> extents)
    {
        extents.RemoveAll(extent => extent.Length == 0);
        extents.Sort((a, b) => a.Start.CompareTo(b.Start));
        for (int i = 1; i < extents.Count; i++)
        {
            (string name, long start, long length) = extents[i - 1];
            if (start + length > extents[i].Start)
            {
                throw new InferometerException(
                    $"{source}: tensors '{name}' and '{extents[i].Name}' overlap: the first ends at byte {start + length}, the second "
                        + $"starts at {extents[i].Start}.");
            }
        }
    }
}
