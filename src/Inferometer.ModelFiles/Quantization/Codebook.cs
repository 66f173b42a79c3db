using System.Text.Json;

namespace Inferometer.ModelFiles.Quantization;

/// <summary>
/// The points that formats of one to three bits choose from: short vectors of small integers, of which a block names one by its number.
/// </summary>
/// <remarks>
/// A book is a set: its points, ordered by the number that their levels spell with the first one lowest, are what the numbers count. So a
/// bit per possible point says it all, and that is how <c>catalog/codebooks/ggml.json</c> keeps them.
/// </remarks>
internal static class Codebook
{
    private const string Resource = "codebooks/ggml.json";

    private static readonly Dictionary<string, ulong[]> s_books = Read();

    /// <summary>256 points of eight levels: IQ2_XXS. The lowest byte is the first value; so in all books.</summary>
    public static readonly ulong[] Two256 = s_books["2-bit-256"];

    /// <summary>512 points of eight levels: IQ2_XS.</summary>
    public static readonly ulong[] Two512 = s_books["2-bit-512"];

    /// <summary>1024 points of eight levels: IQ2_S.</summary>
    public static readonly ulong[] Two1024 = s_books["2-bit-1024"];

    /// <summary>256 points of four levels, in the low half: IQ3_XXS.</summary>
    public static readonly ulong[] Three256 = s_books["3-bit-256"];

    /// <summary>512 points of four levels, in the low half: IQ3_S.</summary>
    public static readonly ulong[] Three512 = s_books["3-bit-512"];

    /// <summary>2048 points of eight levels from -1 to 1, as signed bytes: IQ1_S and IQ1_M.</summary>
    public static readonly ulong[] One2048 = s_books["1-bit-2048"];

    private static Dictionary<string, ulong[]> Read()
    {
        using Stream stream = typeof(Codebook).Assembly.GetManifestResourceStream(Resource)!;
        using JsonDocument document = JsonDocument.Parse(stream);
        return document.RootElement.GetProperty("books").EnumerateArray().ToDictionary(
            book => book.GetProperty("name").GetString()!, Points, StringComparer.Ordinal);
    }

    private static ulong[] Points(JsonElement book)
    {
        byte[] members = book.GetProperty("members").GetBytesFromBase64();
        byte[] levels = [.. book.GetProperty("levels").EnumerateArray().Select(level => unchecked((byte)level.GetSByte()))];
        int dimensions = book.GetProperty("dimensions").GetInt32();
        var points = new List<ulong>();
        for (int code = 0; code < members.Length * 8; code++)
        {
            if ((members[code / 8] >> (code % 8) & 1) != 0)
            {
                points.Add(Point(code, levels, dimensions));
            }
        }

        return [.. points];
    }

    private static ulong Point(int code, byte[] levels, int dimensions)
    {
        ulong point = 0;
        for (int i = 0; i < dimensions; i++)
        {
            point |= (ulong)levels[code % levels.Length] << (8 * i);
            code /= levels.Length;
        }

        return point;
    }
}
