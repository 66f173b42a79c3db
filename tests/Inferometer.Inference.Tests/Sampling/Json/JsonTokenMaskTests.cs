using System.Text;
using System.Text.Json;
using Inferometer.Inference.Sampling;
using Inferometer.Inference.Sampling.Json;
using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.Inference.Tests.Sampling.Json;

public sealed class JsonTokenMaskTests
{
    private static readonly string[] Pieces =
        ["{\"", "\":", "\",\"", "\"}", "}}", "]}", "[[", "true", "tr", "ue", "null,", "12.5", "e1", " \n", "name", "na", "\\u", "d8", "00",
            "\u4e2d\u6587", "a\u00e9"];

    [Fact]
    public void Exactly_those_tokens_are_allowed_whose_bytes_continue_the_text()
    {
        Tokenizer tokenizer = TestVocabulary.Create(Pieces);
        JsonTokenMask mask = new(tokenizer);
        Random random = new(3);
        JsonState state = default;
        for (int step = 0; step < 400; step++)
        {
            float[] logits = new float[tokenizer.VocabularySize];
            mask.Apply(state, logits, 1000);
            for (int token = 0; token < logits.Length; token++)
            {
                Assert.Equal(!tokenizer.IsControl(token) && Continues(state, tokenizer.TokenBytes(token)), logits[token] == 0);
            }

            int[] allowed = [.. Enumerable.Range(0, logits.Length).Where(t => logits[t] == 0)];
            mask.Advance(ref state, allowed[random.Next(allowed.Length)]);
            state = state.IsComplete ? default : state;
        }
    }

    private static bool Continues(JsonState state, ReadOnlySpan<byte> bytes)
    {
        foreach (byte value in bytes)
        {
            if (!state.TryAdvance(value))
            {
                return false;
            }
        }

        return true;
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(10)]
    [InlineData(60)]
    public void Random_logits_under_the_mask_always_end_in_a_complete_object_within_the_tokens_given(int maxTokens)
    {
        Tokenizer tokenizer = TestVocabulary.Create(Pieces);
        Sampler sampler = new(tokenizer.VocabularySize);
        JsonTokenMask mask = new(tokenizer);
        Random random = new(maxTokens);
        for (int round = 0; round < 100; round++)
        {
            SamplerState state = new(new SamplingOptions { Json = true }, [], tokenizer, mask, maxTokens, (ulong)round);
            List<byte> text = [];
            while (!state.IsComplete)
            {
                Assert.True(state.OutputTokens < maxTokens);
                float[] logits = [.. Enumerable.Range(0, tokenizer.VocabularySize).Select(_ => (float)(random.NextDouble() * 8))];
                text.AddRange(tokenizer.TokenBytes(sampler.Sample(logits, state, out _)));
            }

            using JsonDocument document = JsonDocument.Parse(Encoding.UTF8.GetString([.. text]));
            Assert.Equal(JsonValueKind.Object, document.RootElement.ValueKind);
        }
    }
}
