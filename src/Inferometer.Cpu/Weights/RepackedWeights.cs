using Inferometer.Core;
using Inferometer.Cpu.Kernels.Matrices;
using Inferometer.Cpu.Threading;
using Inferometer.ModelFiles.Formats;

namespace Inferometer.Cpu.Weights;

/// <summary>
/// Where a model's repacked matrices come from and lie: in the file beside the model when that fits, otherwise in memory, and from there in
/// the file when that is wanted. Dispose after the matrices.
/// </summary>
internal sealed class RepackedWeights : IDisposable
{
    private readonly UInt128 _fingerprint;
    private readonly string? _unusable;
    private readonly RepackedFile? _file;
    private RepackedFileWriter? _writer;

    private RepackedWeights(string path, bool isWriting, UInt128 fingerprint, RepackedFile? file, string? unusable)
    {
        _fingerprint = fingerprint;
        _file = file;
        _unusable = unusable;
        IsWriting = isWriting;
        Report = file is not null
            ? new RepackedFileReport(path, RepackedFileOutcome.Used, file.ByteCount)
            : new RepackedFileReport(path, unusable is null ? RepackedFileOutcome.Absent : RepackedFileOutcome.Unusable, Reason: unusable);
    }

    /// <summary>What comes of the file; final once <see cref="Complete"/> was called.</summary>
    public RepackedFileReport Report { get; private set; }

    /// <summary>Whether matrices that are repacked are to be kept in the file.</summary>
    public bool IsWriting { get; }

    /// <summary>Where matrices that are repacked now lie.</summary>
    public PanelMemory Memory { get; } = new();

    /// <summary>The file of repacked weights that belongs to a model: beside a file and named after it, or inside a folder.</summary>
    public static string PathFor(string model) => Directory.Exists(model) ? Path.Combine(model, "model.repacked") : model + ".repacked";

    /// <summary>Looks for the file that belongs to a model.</summary>
    /// <exception cref="InferometerException">The file is to be written, and its name is taken by something else.</exception>
    public static RepackedWeights Open(ITensorSource source, LoadOptions options, WorkerPool pool)
    {
        string path = PathFor(source.Path);
        bool exists = Path.Exists(path);
        bool writes = options.RepackedFile == RepackedFileUse.ReadOrWrite && options.Packing.QuantizeActivations;
        if (writes && exists && !RepackedPrefix.IsAt(path))
        {
            throw new InferometerException(
                $"{path}: is there and is no file of repacked weights, so it is left alone; move it away to keep repacked weights under "
                    + $"this name.");
        }

        if (options.RepackedFile == RepackedFileUse.Ignore || !options.Packing.QuantizeActivations || (!exists && !writes))
        {
            return new RepackedWeights(path, isWriting: false, default, null, null);
        }

        UInt128 fingerprint = WeightFingerprint.Of(source);
        if (!exists)
        {
            return new RepackedWeights(path, writes, fingerprint, null, null);
        }

        try
        {
            RepackedFile file = RepackedFile.Open(path, fingerprint, options.CheckWeights ? pool : null);
            return new RepackedWeights(path, isWriting: false, fingerprint, file, null);
        }
        catch (Exception error) when (error is InvalidDataException or InferometerException or IOException or UnauthorizedAccessException)
        {
            return new RepackedWeights(path, writes, fingerprint, null, error.Message);
        }
    }

    /// <summary>A matrix from the file, or null when it has to be repacked.</summary>
    public WeightMatrix? Find(ModelTensor tensor, long firstRow, int rows) => _file?.Find(tensor, firstRow, rows);

    /// <summary>Takes note of a matrix that was repacked.</summary>
    /// <exception cref="InferometerException">It is to be kept in the file, and that cannot be written.</exception>
    public void Keep(ModelTensor tensor, long firstRow, WeightMatrix matrix)
    {
        if (IsWriting)
        {
            _writer ??= new RepackedFileWriter(Report.Path, _fingerprint);
            _writer.Add(tensor.Name, firstRow, matrix);
        }
    }

    /// <summary>All matrices are there: completes the file when it is being written.</summary>
    /// <exception cref="InferometerException">The file cannot be written.</exception>
    public void Complete()
    {
        if (!IsWriting)
        {
            return;
        }

        Report = _writer is null
            ? Report with { Outcome = RepackedFileOutcome.NotNeeded }
            : new RepackedFileReport(Report.Path, RepackedFileOutcome.Written, _writer.Commit(), _unusable);
        _writer?.Dispose();
        _writer = null;
    }

    public void Dispose()
    {
        _writer?.Dispose();
        _file?.Dispose();
        Memory.Dispose();
    }
}
