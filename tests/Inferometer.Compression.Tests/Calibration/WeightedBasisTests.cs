using FsCheck;
using FsCheck.Fluent;
using Inferometer.Compression.Calibration;
using Inferometer.Compression.Codecs;
using MathNet.Numerics.LinearAlgebra;

namespace Inferometer.Compression.Tests.Calibration;

public sealed class WeightedBasisTests
{
    private const int Width = 24;

    [Fact]
    public void The_loss_of_a_rank_is_the_sum_of_dropped_eigenvalues()
    {
        (double[][] samples, Vector<double> mean, Matrix<double> covariance, Matrix<double> importance) = Data(3);
        WeightedBasis basis = WeightedBasis.Of(mean, covariance, importance);
        foreach (int rank in new[] { 1, 8, 16, Width })
        {
            Assert.Equal(
                basis.Eigenvalues.Skip(rank).Sum(), Loss(basis.Basis.Truncate(rank), samples, importance), basis.Eigenvalues.Sum() * 2e-3);
        }
    }

    [Fact]
    public void Loss_falls_as_rank_grows_and_is_never_above_that_of_an_unweighted_basis()
    {
        Prop.ForAll(Gen.Choose(0, 10_000).ToArbitrary(), seed =>
        {
            (double[][] samples, Vector<double> mean, Matrix<double> covariance, Matrix<double> importance) = Data(seed);
            WeightedBasis weighted = WeightedBasis.Of(mean, covariance, importance);
            WeightedBasis plain = WeightedBasis.Of(mean, covariance, Matrix<double>.Build.DenseIdentity(Width));
            double[] losses = [.. Enumerable.Range(1, Width).Select(rank => Loss(weighted.Basis.Truncate(rank), samples, importance))];
            double slack = losses[0] * 1e-3;
            return losses.Zip(losses.Skip(1)).All(pair => pair.Second <= pair.First + slack)
                && Enumerable.Range(1, Width).All(
                    rank => losses[rank - 1] <= Loss(plain.Basis.Truncate(rank), samples, importance) + slack);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(15));
    }

    [Fact]
    public void Heads_that_share_latents_lose_no_more_than_heads_that_do_not_at_the_same_total_rank()
    {
        const int Half = Width / 2;
        Prop.ForAll(Gen.Choose(0, 10_000).ToArbitrary(), seed =>
        {
            // The importance of two heads has no entries between them: each is read by queries of its own.
            (double[][] samples, Vector<double> mean, Matrix<double> covariance, Matrix<double> importance) = Data(seed);
            Matrix<double> first = importance.SubMatrix(0, Half, 0, Half), second = importance.SubMatrix(Half, Half, Half, Half);
            double[] joint = WeightedBasis.Of(mean, covariance, first, second).Eigenvalues;
            double[] one = WeightedBasis.Of(mean.SubVector(0, Half), covariance.SubMatrix(0, Half, 0, Half), first).Eigenvalues;
            double[] two = WeightedBasis.Of(mean.SubVector(Half, Half), covariance.SubMatrix(Half, Half, Half, Half), second).Eigenvalues;
            return samples.Length > 0 && Enumerable.Range(0, Half + 1).All(rank =>
                joint.Skip(2 * rank).Sum() <= one.Skip(rank).Sum() + two.Skip(rank).Sum() + joint.Sum() * 1e-9);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(15));
    }

    [Fact]
    public void The_loss_of_a_group_is_the_sum_of_dropped_eigenvalues()
    {
        (double[][] samples, Vector<double> mean, Matrix<double> covariance, Matrix<double> importance) = Data(9);
        Matrix<double> first = importance.SubMatrix(0, 16, 0, 16), second = importance.SubMatrix(16, 8, 16, 8);
        WeightedBasis basis = WeightedBasis.Of(mean, covariance, first, second);
        Matrix<double> blocks = first.DiagonalStack(second);
        foreach (int rank in new[] { 1, 12, Width })
        {
            Assert.Equal(
                basis.Eigenvalues.Skip(rank).Sum(), Loss(basis.Basis.Truncate(rank), samples, blocks), basis.Eigenvalues.Sum() * 2e-3);
        }
    }

    [Fact]
    public void A_format_turns_latents_within_segments_without_changing_what_is_rebuilt()
    {
        (double[][] samples, Vector<double> mean, Matrix<double> covariance, Matrix<double> importance) = Data(5);
        LatentBasis basis = WeightedBasis.Of(mean, covariance, importance).Basis;
        LatentBasis turned = basis.For(new LatentFormat([new(16, 8), new(16, 4)]));
        float[] vector = [.. samples[0].Select(x => (float)x)], latents = new float[32], rebuilt = new float[Width];
        turned.Encode(vector, latents);
        turned.Decode(latents, rebuilt);
        Assert.All(vector.Zip(rebuilt), pair => Assert.Equal(pair.First, pair.Second, 1e-3f));
    }

    private static double Loss(LatentBasis basis, double[][] samples, Matrix<double> importance)
    {
        float[] latents = new float[basis.Rank], rebuilt = new float[Width];
        double sum = 0;
        foreach (double[] sample in samples)
        {
            basis.Encode([.. sample.Select(x => (float)x)], latents);
            basis.Decode(latents, rebuilt);
            Vector<double> error = Vector<double>.Build.Dense(Width, i => sample[i] - rebuilt[i]);
            sum += error * importance * error;
        }

        return sum / samples.Length;
    }

    private static (double[][] Samples, Vector<double> Mean, Matrix<double> Covariance, Matrix<double> Importance) Data(int seed)
    {
        Random random = new(seed);
        Matrix<double> mix = Matrix<double>.Build.Dense(Width, Width, (i, j) => (random.NextDouble() - 0.5) * Math.Pow(0.85, j));
        double[][] samples =
        [
            .. Enumerable.Range(0, 200).Select(_ => (mix * Vector<double>.Build.Dense(Width, _ => random.NextDouble() - 0.3)).ToArray()),
        ];
        Vector<double> mean = Vector<double>.Build.Dense(Width, i => samples.Average(sample => sample[i]));
        Matrix<double> covariance = Matrix<double>.Build.Dense(
            Width, Width, (i, j) => samples.Average(sample => (sample[i] - mean[i]) * (sample[j] - mean[j])));
        Matrix<double> root = Matrix<double>.Build.Dense(Width, Width, (i, j) => (random.NextDouble() - 0.5) * Math.Pow(0.9, i));
        return (samples, mean, covariance, root.TransposeThisAndMultiply(root));
    }
}
