using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.ModelFiles.Tests.Tokenization;

/// <summary>Examples from Unicode Standard Annex 15 and its conformance test.</summary>
public sealed class CanonicalCompositionTests
{
    [Theory]
    [InlineData("plain é", "plain é")]
    [InlineData("e\u0301", "\u00E9")]
    [InlineData("\u212B", "\u00C5")]
    [InlineData("\u2126", "\u03A9")]
    [InlineData("s\u0323\u0307", "\u1E69")]
    [InlineData("s\u0307\u0323", "\u1E69")]
    [InlineData("\u1E9B\u0323", "\u1E9B\u0323")]
    [InlineData("\u0958", "\u0915\u093C")]
    [InlineData("\u1100\u1161\u11A8", "\uAC01")]
    [InlineData("\uAC00\u11A8", "\uAC01")]
    [InlineData("\u0061\u0315\u0300\u05AE\u0062", "\u00E0\u05AE\u0315\u0062")]
    [InlineData("\u0301a\u0301", "\u0301\u00E1")]
    [InlineData("\uF900", "\u8C48")]
    [InlineData("\U00011099\U000110BA", "\U0001109A")]
    [InlineData("ﬁ 😀", "ﬁ 😀")]
    public void Text_takes_form_c(string text, string expected) => Assert.Equal(expected, CanonicalComposition.Compose(text));
}
