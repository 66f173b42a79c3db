using System.Globalization;
using Inferometer.Compression.Cache;
using Inferometer.Compression.Calibration;
using Inferometer.Compression.Evaluation;

namespace Inferometer.Compression.Tests.Evaluation;

/// <summary>Calibrated low-rank latents on the model's held-out text, calibrated on its calibration text.</summary>
public sealed class LowRankQualityTests(Tales tales) : IClassFixture<Tales>
{
    /// <summary>
    /// Nearly everything compressed: the model reads little beyond 128 tokens, so that only this shows what a codec loses.
    /// </summary>
    private static readonly ExactWindow Narrow = new(4, 16);

    [Fact]
    public void Half_the_latents_change_predictions_a_fifth_as_much_as_a_decomposition_of_the_weights()
    {
        (ModelBases calibrated, ModelBases weights) = Bases(4);
        IReadOnlyList<CacheQuality> quality = Measure(
            512, 3, LowRank(calibrated, ExactWindow.Default), WeightOnly(weights, ExactWindow.Default));
        Assert.All(quality, each => Assert.Equal(0.5, each.Saved, 1e-9));

        // Perplexity does not tell them apart: this model predicts no worse when distant tokens are blurred. How far predictions move does.
        Assert.True(
            quality[0].KlDivergence * 5 < quality[1].KlDivergence,
            $"{quality[0].KlDivergence} is not a fifth of {quality[1].KlDivergence}");
    }

    [Fact]
    public void Two_heads_that_share_latents_lose_less_than_two_that_do_not_at_the_same_size()
    {
        (ModelBases single, _) = Bases(4);
        (ModelBases pairs, ModelBases pairWeights) = Bases(4, headGroupSize: 2);
        IReadOnlyList<CacheQuality> quality = Measure(
            256, 3, LowRank(single, Narrow), LowRank(pairs, Narrow), WeightOnly(pairWeights, Narrow));
        Assert.All(quality, each => Assert.Equal(0.5, each.Saved, 1e-9));
        Assert.True(quality[1].KlDivergence < quality[0].KlDivergence, $"{quality[1].KlDivergence} against {quality[0].KlDivergence}");
        Assert.True(
            quality[1].KlDivergence * 2 < quality[2].KlDivergence, $"{quality[1].KlDivergence} is not half of {quality[2].KlDivergence}");
    }

    [Fact]
    public void Quantised_latents_save_four_fifths_within_five_percent_of_perplexity()
    {
        (ModelBases calibrated, _) = Bases(4);
        IReadOnlyList<CacheQuality> quality = Measure(
            512, 3, Quantised(calibrated, [4], ExactWindow.Default), Quantised(calibrated, [4], Narrow));
        Assert.All(quality, each =>
        {
            Assert.InRange(each.Saved, 0.80, 0.9);
            Assert.InRange(each.PerplexityIncrease, -0.01, 0.05);
        });
    }

    /// <summary>The table of docs/compression.md; run by name with explicit tests on, it takes minutes.</summary>
    [Fact(Explicit = true)]
    public void Table_of_the_documentation()
    {
        (ModelBases calibrated, ModelBases weights) = Bases(12);
        (ModelBases pairs, ModelBases pairWeights) = Bases(12, headGroupSize: 2);
        List<KvCompression> settings = [];
        foreach (ExactWindow window in new[] { ExactWindow.Default, Narrow, new(0, 0) })
        {
            settings.AddRange([
                KvCompression.RotatedQuantization(tales.Model, 8, window), KvCompression.RotatedQuantization(tales.Model, 4, window),
                LowRank(calibrated, window), WeightOnly(weights, window), Quantised(calibrated, [4], window),
                Quantised(calibrated, [2, 4, 8], window),
                LowRank(pairs, window), WeightOnly(pairWeights, window), Quantised(pairs, [4], window),
                Quantised(pairs, [2, 4, 8], window)]);
        }

        foreach ((CacheQuality each, KvCompression setting) in Measure(1024, 8, [.. settings]).Zip(settings))
        {
            TestContext.Current.TestOutputHelper!.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {each.Name} | {setting.Window.RecentTokens} | {100 * each.Saved:0.0} % | {each.Perplexity:0.0000} | "
                + $"{100 * each.PerplexityIncrease:0.000} % | {each.KlDivergence:0.0000000} | {100 * each.TopOneAgreement:0.00} % | "
                + $"{each.BytesPerToken} | {each.CacheBytes} |"));
            Assert.Equal(8184, each.TokensScored);
        }
    }

    private (ModelBases Calibrated, ModelBases Weights) Bases(int windows, int headGroupSize = 1)
    {
        return (
            tales.Bases(512, windows, headGroupSize),
            ModelBases.FromWeights(tales.Model, headGroupSize, TestContext.Current.CancellationToken));
    }

    private KvCompression LowRank(ModelBases bases, ExactWindow window) =>
        KvCompression.LowRank(
            "low-rank 32 of 64, f16" + Shared(bases), tales.Model, bases, LatentAllocation.Fixed(bases, 32, 32, 16), window);

    private KvCompression WeightOnly(ModelBases bases, ExactWindow window) =>
        KvCompression.LowRank(
            "weight-only SVD 32 of 64, f16" + Shared(bases), tales.Model, bases, LatentAllocation.Fixed(bases, 32, 32, 16), window);

    private KvCompression Quantised(ModelBases bases, int[] bits, ExactWindow window)
    {
        LayerSensitivities equal = LayerSensitivities.Equal(tales.Model.Architecture.LayerCount);
        double exactBytes = 6 * 2 * 128 * 2;
        return KvCompression.LowRank(
            $"low-rank, int{string.Join('/', bits)}{Shared(bases)}", tales.Model, bases,
            LatentAllocation.ForSize(bases, equal, exactBytes * 0.2, bits), window);
    }

    private static string Shared(ModelBases bases) => bases.HeadGroupSize == 1 ? "" : $", {bases.HeadGroupSize} heads share";

    private IReadOnlyList<CacheQuality> Measure(int windowTokens, int windows, params KvCompression[] settings) =>
        CompressionEvaluation.Measure(
            tales.Model, tales.Windows("heldout.txt", windowTokens, windows), settings, null, TestContext.Current.CancellationToken);
}
