using Inferometer.Compression.Cache;
using Inferometer.Compression.Evaluation;
using Inferometer.Compression.Profiles;
using Inferometer.Core;
using Inferometer.Cpu.Execution;
using Inferometer.Tests;

namespace Inferometer.Compression.Tests.Evaluation;

/// <summary>Quality of the settings named in docs/compression.md, on the text and in the windows of the model's own reference.</summary>
public sealed class CompressionEvaluationTests(Tales tales) : IClassFixture<Tales>
{
    [Fact]
    public void Rotated_quantisation_keeps_quality_on_held_out_text()
    {
        IReadOnlyList<CacheQuality> quality = CompressionEvaluation.Measure(
            tales.Model, tales.Windows("heldout.txt", 1024, 8),
            [KvCompression.RotatedQuantization(tales.Model, 8), KvCompression.RotatedQuantization(tales.Model, 4)],
            null, TestContext.Current.CancellationToken);
        foreach (CacheQuality each in quality)
        {
            TestContext.Current.TestOutputHelper!.WriteLine(each.ToString());
        }

        Assert.Equal(8184, quality[0].TokensScored);
        Assert.Equal(43.859, quality[0].ExactPerplexity, 0.02); // float64 reference of the model
        Assert.InRange(quality[0].PerplexityIncrease, -0.001, 0.001);
        Assert.InRange(quality[0].TopOneAgreement, 0.99, 1);
        Assert.InRange(quality[0].Saved, 0.46, 0.47);
        Assert.InRange(quality[1].PerplexityIncrease, -0.001, 0.015);
        Assert.InRange(quality[1].Saved, 0.70, 0.72);
    }

    [Fact]
    public void Heads_narrower_than_a_vector_are_padded_and_still_saved_on()
    {
        // Heads of 8: int4 pages hold 16 numbers per vector, 10 bytes with their scale; exact pages 8 numbers of a key and, padded to a
        // vector, 16 of a value.
        using TransformerModel small = TransformerModel.Load(
            SharedFolder.Require("models/stories260k"), null, null, TestContext.Current.CancellationToken);
        int[] tokens = [1, .. Enumerable.Range(0, 239).Select(i => 300 + (i * 31 % 200))];
        IReadOnlyList<CacheQuality> quality = CompressionEvaluation.Measure(
            small, [tokens], [KvCompression.RotatedQuantization(small, 8), KvCompression.RotatedQuantization(small, 4)], null,
            TestContext.Current.CancellationToken);
        Assert.Equal(1 - 20 / 48.0, quality[1].Saved, 1e-9);
        Assert.InRange(quality[0].TopOneAgreement, 0.98, 1);
        ProfileText text = new("numbers", [tokens]);
        CompressionProfile profile = new CalibratedProfileBuilder(small).Build(text, text, null, TestContext.Current.CancellationToken);
        Assert.All(profile.Levels, level => Assert.InRange(level.Loss.PerplexityIncrease, -1, level.PerplexityBound));
    }

    [Fact]
    public void A_short_text_and_unequal_windows_are_refused()
    {
        Assert.Contains(
            "there are 3", Assert.Throws<InferometerException>(() => TextWindows.Cut([1, 2, 3], 1, 4, 2)).Message,
            StringComparison.Ordinal);
        Assert.Throws<InferometerException>(
            () => CompressionEvaluation.Measure(tales.Model, [[1, 2, 3], [1, 2]], [], null, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Windows_follow_each_other_and_start_with_the_start_token()
    {
        IReadOnlyList<int[]> windows = TextWindows.Cut([5, 6, 7, 8, 9, 10], 1, 3, 2, firstWindow: 1);
        Assert.Equal<int[]>([1, 7, 8], windows[0]);
        Assert.Equal<int[]>([1, 9, 10], windows[1]);
    }
}
