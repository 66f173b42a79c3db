using System.Globalization;
using Inferometer.Compression.Calibration;
using Inferometer.Compression.Evaluation;
using Inferometer.Compression.Memory;
using Inferometer.Core;
using Inferometer.Core.Models;
using Inferometer.Inference.Execution;

namespace Inferometer.Compression.Profiles;

/// <summary>Makes the profile of a model: calibrates on a text, measures what each layer is sensitive to, and finds the ranks and bits that keep each level's bound on a hold-out text.</summary>
/// <remarks>Runs the model; one build at a time per model.</remarks>
public sealed class CompressionProfileBuilder
{
    /// <summary>Bounds on the increase of perplexity.</summary>
    private static readonly (string Name, double Bound)[] Bounds = [("low", 0.05), ("med", 0.01), ("high", 0.001)];

    /// <summary>Shares of memory saved that are tried; what saves most within a bound is taken.</summary>
    private static readonly double[] Savings = [0.95, 0.93, 0.90, 0.87, 0.84, 0.81, 0.78, 0.75, 0.70, 0.60, 0.50];

    private static readonly int[] Bits = [2, 4, 8];

    private readonly TransformerModel _model;
    private readonly MemoryManager _memory;

    /// <summary>A builder for a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="memory">Admits the build; null for the memory of this machine.</param>
    public CompressionProfileBuilder(TransformerModel model, MemoryManager? memory = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        (_model, _memory) = (model, memory ?? new MemoryManager());
    }

    /// <summary>Bytes that a build needs beside the model: moments in double precision and the bases.</summary>
    public long RequiredBytes => _model.Architecture.Layers.Sum(layer =>
    {
        var mixer = (AttentionMixer)layer.Mixer!;
        return (long)mixer.KvHeads * ((2L * mixer.HeadDim * mixer.HeadDim + (long)mixer.ValueHeadDim * mixer.ValueHeadDim) * sizeof(double) * 2);
    });

    /// <summary>Makes the profile.</summary>
    /// <param name="calibration">Text the bases come from.</param>
    /// <param name="holdOut">Text the losses are measured on; not part of the calibration text, windows longer than the exact window.</param>
    /// <param name="progress">Told of stage and share done, from the calling thread.</param>
    /// <param name="cancellationToken">Stops between steps.</param>
    /// <exception cref="InferometerException">There is too little memory, or a text has no windows.</exception>
    public CompressionProfile Build(ProfileText calibration, ProfileText holdOut, IProgress<BuildProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(calibration);
        ArgumentNullException.ThrowIfNull(holdOut);
        using IDisposable computation = _memory.ManagedComputation("building a compression profile", RequiredBytes);
        CalibrationStatistics statistics = CalibrationStatistics.Collect(_model, calibration.Windows, Stage(progress, "calibration"), cancellationToken);
        ModelBases bases = ModelBases.Calibrated(_model, statistics, cancellationToken);
        LayerSensitivities sensitivities = LayerSensitivities.Measure(_model, bases, [.. holdOut.Windows.Take(2)], Stage(progress, "sensitivities"), cancellationToken);
        progress?.Report(new BuildProgress("levels", 0));
        IReadOnlyList<ProfileLevel> levels = FindLevels(bases, sensitivities, holdOut.Windows, cancellationToken);
        progress?.Report(new BuildProgress("levels", 1));
        return new CompressionProfile
        {
            Method = "calibrated low-rank latents",
            Fingerprint = ModelFingerprint.Of(_model),
            CalibrationText = calibration.Name,
            CalibrationTokens = statistics.Tokens,
            HoldOutText = holdOut.Name,
            Bases = bases,
            Levels = levels,
        };
    }

    private static Progress? Stage(IProgress<BuildProgress>? progress, string stage) => progress is null ? null : new Progress(progress, stage);

    // All candidates are measured in one run, against one exact cache. Below them all latents in f16, which loses what f16 loses.
    private List<ProfileLevel> FindLevels(ModelBases bases, LayerSensitivities sensitivities, IReadOnlyList<int[]> windows, CancellationToken cancellationToken)
    {
        double exactBytes = (double)PagedKvCache.BytesPerBlock(_model.Architecture) / KvCache.BlockSize;
        double least = LatentAllocation.ByThreshold(bases, sensitivities, double.MaxValue, Bits).BytesPerToken;
        LatentAllocation[] candidates =
            [.. Savings.Where(saved => exactBytes * (1 - saved) >= least).Select(saved => LatentAllocation.ForSize(bases, sensitivities, exactBytes * (1 - saved), Bits)), LatentAllocation.Fixed(bases, int.MaxValue, int.MaxValue, 16)];
        IReadOnlyList<CacheQuality> quality = CompressionEvaluation.Measure(
            _model, windows, [.. candidates.Select((candidate, i) => KvCompression.LowRank($"candidate {i}", _model, bases, candidate))], cancellationToken);
        List<ProfileLevel> levels = [];
        foreach ((string name, double bound) in Bounds)
        {
            int index = Enumerable.Range(0, candidates.Length).FirstOrDefault(i => quality[i].PerplexityIncrease <= bound, candidates.Length - 1);
            CacheQuality found = quality[index];
            if (found.PerplexityIncrease > bound)
            {
                throw new InferometerException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"compression level '{name}': even latents in f16 raise the perplexity by {100 * found.PerplexityIncrease:0.000} %, more than {100 * bound:0.0} %; the hold-out text is too short or the weights are damaged."));
            }

            levels.Add(new ProfileLevel(name, bound, candidates[index], new ProfileLoss(found.PerplexityIncrease, found.KlDivergence, found.TopOneAgreement, found.Saved, found.TokensScored)));
        }

        return levels;
    }

    private sealed class Progress(IProgress<BuildProgress> progress, string stage) : IProgress<double>
    {
        public void Report(double value) => progress.Report(new BuildProgress(stage, value));
    }
}

/// <summary>A text for a profile.</summary>
/// <param name="Name">Name, for the profile's record.</param>
/// <param name="Windows">Token windows of equal length.</param>
public sealed record ProfileText(string Name, IReadOnlyList<int[]> Windows);

/// <summary>How far a build is.</summary>
/// <param name="Stage"><c>calibration</c>, <c>sensitivities</c> or <c>levels</c>.</param>
/// <param name="Share">Share of the stage done, 0 to 1.</param>
public sealed record BuildProgress(string Stage, double Share);
