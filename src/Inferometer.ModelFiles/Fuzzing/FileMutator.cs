using System.Buffers.Binary;

namespace Inferometer.ModelFiles.Fuzzing;

/// <summary>
/// Makes damaged copies of sound files: flipped bits, changed lengths, lost, doubled and repeated stretches, parts of other files.
/// </summary>
internal sealed class FileMutator(IReadOnlyList<byte[]> seeds, int seed)
{
    /// <summary>Weights follow the header; most damage should hit the header itself.</summary>
    private const int HeaderBytes = 12 * 1024;

    private static readonly long[] Extremes =
    [
        0, 1, -1, 2, 31, 255, 256, 65535, int.MaxValue, uint.MaxValue, 1L << 32, long.MaxValue, long.MinValue, long.MaxValue - 7, 1L << 62,
    ];

    // One step in so many writes a few bytes again and again, so that readers that go down into brackets go deep.
    private const int RepetitionChance = 96;
    private const int LongestRepeated = 8;
    private const int MostRepetitions = 2000;
    private const int Repeat = 7;

    private readonly Random _random = new(seed);

    /// <summary>The next damaged file.</summary>
    public byte[] Next()
    {
        byte[] file = (byte[])seeds[_random.Next(seeds.Count)].Clone();
        for (int steps = 1 + _random.Next(4); steps > 0 && file.Length > 0; steps--)
        {
            file = Damage(file);
        }

        return file;
    }

    private byte[] Damage(byte[] file)
    {
        int at = _random.Next(_random.Next(8) == 0 ? file.Length : Math.Min(file.Length, _random.Next(4) == 0 ? 64 : HeaderBytes));
        int length = 1 + _random.Next(Math.Min(64, file.Length - at));
        switch (_random.Next(RepetitionChance) == 0 ? Repeat : _random.Next(Repeat))
        {
            case 0:
                file[at] ^= (byte)(1 << _random.Next(8));
                return file;
            case 1:
                file[at] = (byte)_random.Next(256);
                return file;
            case 2:
                WriteExtreme(file.AsSpan(at));
                return file;
            case 3:
                return file[..at];
            case 4:
                return [.. file.AsSpan(0, at), .. file.AsSpan(at + length)];
            case 5:
                return [.. file.AsSpan(0, at + length), .. file.AsSpan(at)];
            case Repeat:
                return Repeated(file, at, Math.Min(length, LongestRepeated));
            default:
                byte[] other = seeds[_random.Next(seeds.Count)];
                int from = _random.Next(Math.Min(other.Length, HeaderBytes));
                ReadOnlySpan<byte> piece = other.AsSpan(from, Math.Min(length, other.Length - from));
                piece[..Math.Min(piece.Length, file.Length - at)].CopyTo(file.AsSpan(at));
                return file;
        }
    }

    private byte[] Repeated(byte[] file, int at, int length)
    {
        byte[] piece = file[at..(at + length)];
        int times = 1 + _random.Next(MostRepetitions);
        byte[] result = new byte[file.Length + (piece.Length * times)];
        file.AsSpan(0, at).CopyTo(result);
        for (int i = 0; i < times; i++)
        {
            piece.CopyTo(result, at + (i * piece.Length));
        }

        file.AsSpan(at).CopyTo(result.AsSpan(at + (piece.Length * times)));
        return result;
    }

    /// <summary>A number lengths and offsets break on, as bytes or, in text, as digits.</summary>
    private void WriteExtreme(Span<byte> place)
    {
        long number = Extremes[_random.Next(Extremes.Length)];
        Span<byte> bytes = stackalloc byte[24];
        int length = 8;
        if (char.IsAsciiDigit((char)place[0]))
        {
            _ = number.TryFormat(bytes, out length, default, System.Globalization.CultureInfo.InvariantCulture);
        }
        else
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
            length = _random.Next(2) == 0 ? 4 : 8;
        }

        bytes[..Math.Min(length, place.Length)].CopyTo(place);
    }
}
