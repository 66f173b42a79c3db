using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Inferometer.ModelFiles.Tests.Tokenization;

/// <summary>Generators of text that is hard on tokenizers.</summary>
internal static class AnyText
{
    private static readonly (int First, int Last)[] Ranges =
    [
        (0x20, 0x7E), (0x09, 0x0D), (0x20, 0x20), (0xA0, 0x17F), (0x300, 0x36F), (0x400, 0x45F), (0x5D0, 0x5EA), (0x900, 0x97F),
        (0x200B, 0x200D), (0x2581, 0x2581), (0x3040, 0x30FF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0xFE00, 0xFE0F),
        (0x1D400, 0x1D7FF), (0x1F300, 0x1F64F), (0x20000, 0x2A6DF), (0xE0100, 0xE01EF), (0x10FFFE, 0x10FFFF),
    ];

    /// <summary>Text of valid characters from many scripts, with emoji, marks and control characters.</summary>
    public static Arbitrary<string> Valid { get; } = Gen.OneOf(Ranges.Select(range => Gen.Choose(range.First, range.Last)).ToArray())
        .Select(character => new Rune(character).ToString())
        .ArrayOf().Select(string.Concat).ToArbitrary();

    /// <summary>The same with unpaired surrogates strewn in.</summary>
    public static Arbitrary<string> WithUnpairedSurrogates { get; } = Gen.OneOf(
            Gen.Choose(0xD800, 0xDFFF).Select(unit => ((char)unit).ToString()),
            Gen.Choose(0x20, 0x7E).Select(unit => ((char)unit).ToString()),
            Gen.Choose(0x1F300, 0x1F64F).Select(character => new Rune(character).ToString()))
        .ArrayOf().Select(string.Concat).ToArbitrary();

    /// <summary>What is left of text when every unpaired surrogate is replaced.</summary>
    public static string Repaired(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
}
