using System.Text;
using System.Text.Json;
using Inferometer.Inference.Sampling.Json;

namespace Inferometer.Inference.Tests.Sampling.Json;

public sealed class JsonStateTests
{
    private static bool TryRead(ReadOnlySpan<byte> text, out JsonState state)
    {
        state = default;
        foreach (byte value in text)
        {
            if (!state.TryAdvance(value))
            {
                return false;
            }
        }

        return true;
    }

    [Theory]
    [InlineData("{}")]
    [InlineData(" {\"a\" : [1, -0.5e+10, 0, 12E3 , true, false, null, [], {}, \"\"]}")]
    [InlineData("{\"\\u00e9\\n\\\"\":\"\u00e9\u4e2d\U0001F600\",\"b\":{\"c\":[[[]]]}}")]
    public void Every_beginning_of_an_object_is_taken_and_only_the_whole_is_complete(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        for (int length = 0; length <= bytes.Length; length++)
        {
            Assert.True(TryRead(bytes.AsSpan(0, length), out JsonState state), $"'{text}' stops at byte {length}");
            Assert.Equal(length == bytes.Length, state.IsComplete);
            Assert.True(state.ClosingLength <= bytes.Length - length);
        }
    }

    [Theory]
    [InlineData("[1]")]
    [InlineData("{a:1}")]
    [InlineData("{\"a\" 1}")]
    [InlineData("{\"a\":01}")]
    [InlineData("{\"a\":1.}")]
    [InlineData("{\"a\":-}")]
    [InlineData("{\"a\":+1}")]
    [InlineData("{\"a\":1e}")]
    [InlineData("{\"a\":tru}")]
    [InlineData("{\"a\":1,}")]
    [InlineData("{\"a\":[1,]}")]
    [InlineData("{\"a\":[1}")]
    [InlineData("{\"a\":\"\n\"}")]
    [InlineData("{\"a\":\"\\x\"}")]
    [InlineData("{\"a\":\"\\ud800\"}")]
    [InlineData("{} ")]
    public void What_is_no_object_is_refused(string text) => Assert.False(TryRead(Encoding.UTF8.GetBytes(text), out _));

    [Theory]
    [InlineData(new byte[] { 0xc0, 0x80 })]
    [InlineData(new byte[] { 0xe0, 0x80, 0x80 })]
    [InlineData(new byte[] { 0xed, 0xa0, 0x80 })]
    [InlineData(new byte[] { 0xf4, 0x90, 0x80, 0x80 })]
    [InlineData(new byte[] { 0x80 })]
    [InlineData(new byte[] { 0xc3, 0x22 })]
    public void Bytes_that_are_no_utf8_are_refused(byte[] bytes) => Assert.False(TryRead([.. "{\""u8, .. bytes], out _));

    [Fact]
    public void Random_texts_that_the_automaton_completes_parse_as_json_in_the_promised_number_of_bytes()
    {
        byte[] alphabet = [.. "{}[]\":,\\ \n0123456789-+.eEtruefalsnbd\u00e9\u4e2d"u8];
        Random random = new(11);
        for (int round = 0; round < 3000; round++)
        {
            List<byte> text = [];
            JsonState state = default;
            int length = random.Next(1, 60);
            while (!state.IsComplete)
            {
                // Past the chosen length only bytes that shorten the way to the end.
                byte value = alphabet[random.Next(alphabet.Length)];
                JsonState next = state;
                if (next.TryAdvance(value) && (text.Count < length || next.ClosingLength < state.ClosingLength))
                {
                    state = next;
                    text.Add(value);
                }
            }

            using JsonDocument document = JsonDocument.Parse(text.ToArray());
            Assert.Equal(JsonValueKind.Object, document.RootElement.ValueKind);
        }
    }

    [Fact]
    public void Nesting_beyond_64_is_not_begun()
    {
        byte[] deep = [.. "{\"a\":"u8, .. Enumerable.Repeat((byte)'[', 63)];
        Assert.True(TryRead(deep, out _));
        Assert.False(TryRead([.. deep, (byte)'['], out _));
    }
}
