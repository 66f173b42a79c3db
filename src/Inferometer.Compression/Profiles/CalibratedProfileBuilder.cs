using Inferometer.Compression.Calibration;
using Inferometer.Compression.Evaluation;
using Inferometer.Compression.Memory;
using Inferometer.Core;
using Inferometer.Core.Models;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Kernels.Attention;

namespace Inferometer.Compression.Profiles;

/// <summary>
/// Makes the profile file of a model: calibrates on a text, measures what each layer is sensitive to, and finds the ranks and bits that
/// keep each level's bounds on a hold-out text. Profiles of fixed ranks are the business of <see cref="CompressionProfileBuilder"/>.
/// </summary> <remarks>Runs the model; one build at a time per model.</remarks>
public sealed class CalibratedProfileBuilder
{
    private readonly TransformerModel _model;
    private readonly int _headGroupSize;
    private readonly IMemoryManager _memory;

    /// <summary>A builder for a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="headGroupSize">KV heads that share latents: 1, 2 or 4; must divide those of every layer.</param>
    /// <param name="memory">Admits the build; null for the memory of this machine.</param>
    /// <exception cref="InferometerException">The model's KV heads cannot be grouped so.</exception>
    public CalibratedProfileBuilder(TransformerModel model, int headGroupSize = 1, IMemoryManager? memory = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        HeadGroups.Require(model.Architecture, headGroupSize);
        (_model, _headGroupSize, _memory) = (model, headGroupSize, memory ?? new MemoryManager());
    }

    /// <summary>Makes the profile.</summary>
    /// <param name="calibration">Text the bases come from.</param>
    /// <param name="holdOut">Text the losses are measured on; not part of the calibration text, windows longer than the exact
    /// window.</param>
    /// <param name="progress">Told of stage and share done, from the calling thread.</param>
    /// <param name="cancellationToken">Stops between steps.</param>
    /// <exception cref="InferometerException">There is too little memory, a text has no windows, or a level cannot be reached.</exception>
    public CompressionProfile Build(
        ProfileText calibration, ProfileText holdOut, IProgress<BuildProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(calibration);
        ArgumentNullException.ThrowIfNull(holdOut);
        using IDisposable computation = _memory.ManagedComputation("building a compression profile", RequiredBytes(calibration, holdOut));
        CalibrationStatistics statistics = CalibrationStatistics.Collect(
            _model, calibration.Windows, _headGroupSize, Stage(progress, "calibration"), cancellationToken);
        ModelBases bases = ModelBases.Calibrated(_model, statistics, Stage(progress, "bases"), cancellationToken);
        LayerSensitivities sensitivities = SensitivityEvaluation.Measure(
            _model, bases, holdOut.Windows[0], Stage(progress, "sensitivities"), cancellationToken);
        IReadOnlyList<ProfileLevel> levels = new LevelSearch(_model, bases, sensitivities, holdOut.Windows)
            .Find(Stage(progress, "levels"), cancellationToken);
        return new CompressionProfile
        {
            Method = _headGroupSize == 1
                ? "calibrated low-rank latents"
                : $"calibrated low-rank latents of groups of {_headGroupSize} heads",
            Fingerprint = ModelFingerprint.Of(_model),
            CalibrationText = calibration.Name,
            CalibrationTokens = statistics.Tokens,
            HoldOutText = holdOut.Name,
            Bases = bases,
            Levels = levels,
        };
    }

    /// <summary>
    /// Bytes that a build needs beside the model at its largest: moments in double precision, bases, caches, and logits of two caches.
    /// </summary>
    public long RequiredBytes(ProfileText calibration, ProfileText holdOut)
    {
        ArgumentNullException.ThrowIfNull(calibration);
        ArgumentNullException.ThrowIfNull(holdOut);
        long exactTokenBytes = PagedKvCache.BytesPerBlock(_model.Architecture) / KvPageLayout.PageTokens;
        long holdOutTokens = holdOut.Windows.Sum(window => (long)window.Length),
            logits = 2L * sizeof(float) * _model.Architecture.VocabularySize;
        long moments = _model.Architecture.Layers.Sum(layer =>
        {
            var mixer = (AttentionMixer)layer.Mixer!;
            long queries = (long)mixer.HeadDim * mixer.HeadDim;
            return mixer.KvHeads * (queries + _headGroupSize * (queries + (long)mixer.ValueHeadDim * mixer.ValueHeadDim))
                * (sizeof(double) + 2 * sizeof(float));
        });
        long collecting = 2 * exactTokenBytes * (calibration.Windows.Count == 0 ? 0 : calibration.Windows.Max(window => window.Length));
        long comparing = LevelSearch.CacheShare * exactTokenBytes * holdOutTokens + logits * KvCache.BlockSize * holdOut.Windows.Count;
        return moments + Math.Max(collecting, Math.Max(comparing, SensitivityEvaluation.RequiredBytes(_model.Architecture)));
    }

    private static StageProgress? Stage(IProgress<BuildProgress>? progress, string stage) =>
        progress is null ? null : new StageProgress(progress, stage);

    private sealed class StageProgress(IProgress<BuildProgress> progress, string stage) : IProgress<double>
    {
        public void Report(double value) => progress.Report(new BuildProgress(stage, value));
    }
}
