using System.Text;
using System.Text.Json;

namespace Inferometer.Core.Tests;

/// <summary>Where text stands in JSON that is no Unicode.</summary>
public sealed class JsonUnicodeTests
{
    [Theory]
    [InlineData("""{"a":["x",{"b":"\ud800"}]}""", "a[1].b")]
    [InlineData("""{"a":{"\udc00":1}}""", "a")]
    [InlineData("""["\ud800"]""", "[0]")]
    [InlineData("\"\\ud800\"", "")]
    public void Half_of_a_character_is_found_at_its_place(string json, string place)
    {
        using var document = JsonDocument.Parse(json);
        Assert.False(JsonUnicode.IsSound(document.RootElement));
        Assert.Equal(place, JsonUnicode.PlaceOfUnsound(document.RootElement));
    }

    [Fact]
    public void Bytes_that_are_no_UTF8_are_found_at_their_place()
    {
        byte[] json = [.. "{\"a\":\""u8, 0xFF, .. "\"}"u8];
        using var document = JsonDocument.Parse(json);
        Assert.Equal("a", JsonUnicode.PlaceOfUnsound(document.RootElement));
    }

    [Fact]
    public void Whole_characters_are_sound_however_they_are_spelt()
    {
        using var document = JsonDocument.Parse(Encoding.UTF8.GetBytes("""{"a":"\ud83d\ude42 é 🙂","é":["x"]}"""));
        Assert.True(JsonUnicode.IsSound(document.RootElement));
        Assert.Null(JsonUnicode.PlaceOfUnsound(document.RootElement));
    }
}
