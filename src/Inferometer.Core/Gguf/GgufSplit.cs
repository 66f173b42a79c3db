using System.Globalization;

namespace Inferometer.Core.Gguf;

/// <summary>
/// Models split over several files by llama.cpp's gguf-split: each is a GGUF file of its own with some of the tensors, the first has the
/// metadata, and their names end in <c>-00001-of-00003.gguf</c> and so on. Every part knows its number and their count.
/// </summary>
public static class GgufSplit
{
    /// <summary>Metadata key of a part's number, from 0.</summary>
    public const string NumberKey = "split.no";

    /// <summary>Metadata key of the number of parts.</summary>
    public const string CountKey = "split.count";

    /// <summary>Metadata key of the number of tensors in all parts.</summary>
    public const string TensorsKey = "split.tensors.count";

    private const string Extension = ".gguf";
    private const int NumberDigits = 5;
    private const int EndingLength = 1 + NumberDigits + 4 + NumberDigits; // -00001-of-00003
    private const int MaxParts = ushort.MaxValue;

    /// <summary>The name of a part.</summary>
    /// <param name="stem">Name of the model without its extension.</param>
    /// <param name="index">Number of the part, from 0.</param>
    /// <param name="count">Parts.</param>
    public static string PartName(string stem, int index, int count) =>
        string.Create(CultureInfo.InvariantCulture, $"{stem}-{index + 1:D5}-of-{count:D5}{Extension}");

    /// <summary>Reads the other parts of the model that <paramref name="named"/> is a part of, and joins their headers.</summary>
    /// <param name="named">Header of any part, with the file's path as its source.</param>
    /// <param name="readPart">Reads the header of one file.</param>
    /// <exception cref="InferometerException">A part is missing, or does not belong to the others.</exception>
    internal static GgufHeader Join(GgufHeader named, Func<string, GgufHeader> readPart)
    {
        (int index, int count) = Place(named);
        string stem = Stem(named.Source, index, count);
        var parts = new GgufHeader[count];
        for (int i = 0; i < count; i++)
        {
            string path = PartName(stem, i, count);
            if (i != index && !File.Exists(path))
            {
                throw new InferometerException(
                    $"{named.Source}: is part {index + 1} of {count} of a split model; part {i + 1}, {path}, is missing.");
            }

            parts[i] = i == index ? named : readPart(path);
            if (Place(parts[i]) != (i, count))
            {
                (int otherIndex, int otherCount) = Place(parts[i]);
                throw new InferometerException(
                    $"{path}: says that it is part {otherIndex + 1} of {otherCount}; by its name it is part {i + 1} of {count}.");
            }
        }

        var joined = GgufHeader.Joined(parts);
        long tensors = joined.GetInt64(TensorsKey, joined.Tensors.Count);
        return tensors == joined.Tensors.Count
            ? joined
            : throw new InferometerException(
                $"{joined.Source}: the model has {tensors} tensors in its metadata, its {count} parts hold {joined.Tensors.Count}; some "
                    + $"part is of another model.");
    }

    /// <summary>Number, from 0, and count of a part; (0, 1) for a file that is whole.</summary>
    internal static (int Index, int Count) Place(GgufHeader header)
    {
        long count = header.GetInt64(CountKey, 1), index = header.GetInt64(NumberKey, 0);
        return count is >= 0 and <= MaxParts && index >= 0 && index < Math.Max(count, 1)
            ? ((int)index, (int)Math.Max(count, 1))
            : throw new InferometerException(
                $"{header.Source}: '{NumberKey}' is {index} and '{CountKey}' {count}; a part's number is below the count, of at most "
                    + $"{MaxParts}.");
    }

    private static string Stem(string path, int index, int count)
    {
        int length = path.Length - EndingLength - Extension.Length;
        return length > 0 && path.Equals(PartName(path[..length], index, count), StringComparison.Ordinal)
            ? path[..length]
            : throw new InferometerException(
                $"{path}: is part {index + 1} of {count} of a split model; the others are found by their names, so its own must end in "
                    + $"'{PartName("", index, count)}'.");
    }
}
