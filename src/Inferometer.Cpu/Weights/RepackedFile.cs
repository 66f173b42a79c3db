using Inferometer.Core;
using Inferometer.Cpu.Kernels.Matrices;
using Inferometer.Cpu.Threading;
using Inferometer.ModelFiles.Formats;
using Inferometer.ModelFiles.Quantization;

namespace Inferometer.Cpu.Weights;

/// <summary>
/// A file of repacked weights, mapped into memory after it was found whole and made for the model and for this program's kernels.
/// </summary>
internal sealed unsafe class RepackedFile : IDisposable
{
    private readonly MappedFile _file;
    private readonly RepackedDirectory _directory;
    private readonly Dictionary<(string, long), RepackedMatrix> _matrices;

    private RepackedFile(MappedFile file, RepackedDirectory directory)
    {
        _file = file;
        _directory = directory;
        _matrices = [];
        foreach (RepackedMatrix matrix in directory.Matrices)
        {
            _matrices[(matrix.Tensor, matrix.FirstRow)] = matrix;
        }
    }

    /// <summary>Size of the file.</summary>
    public long ByteCount => _file.Length;

    private byte* Data => _file.Pointer + RepackedDirectory.DataOffset;

    /// <summary>Opens a file for a model.</summary>
    /// <param name="path">The file.</param>
    /// <param name="fingerprint">The model's.</param>
    /// <param name="checkedBy">Workers to compare all data with its checksums; null to trust it.</param>
    /// <exception cref="InvalidDataException">The file cannot be used; the message completes "... because" in a few words.</exception>
    /// <exception cref="InferometerException">The file cannot be read.</exception>
    public static RepackedFile Open(string path, UInt128 fingerprint, WorkerPool? checkedBy)
    {
        Require(File.Exists(path), "it is no file");
        long length = new FileInfo(path).Length;
        if (length < RepackedPrefix.ByteCount)
        {
            throw new InvalidDataException("it is no file of repacked weights");
        }

        MappedFile file = MappedFile.Open(path, length);
        try
        {
            RepackedDirectory directory = ReadDirectory(file);
            Require(directory.Fingerprint == fingerprint, "it was made for another model");
            Require(directory.Layouts.All(l => BlockCodec.IsSupported(l.Type) && PanelLayout.Fingerprint(l.Type) == l.Layout),
                "it was made by another version, or for another kind of processor");
            RepackedFile repacked = new(file, directory);
            if (checkedBy is not null)
            {
                repacked.Verify(checkedBy);
            }

            return repacked;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The matrix of some rows of a tensor, or null where the file does not hold it.</summary>
    public WeightMatrix? Find(ModelTensor tensor, long firstRow, int rows) =>
        _matrices.TryGetValue((tensor.Name, firstRow), out RepackedMatrix matrix) && matrix.Rows == rows && matrix.Columns == tensor.Columns
            && matrix.Type == tensor.Type
            ? WeightMatrix.FromRepacked(matrix.Type, rows, matrix.Columns, Data + matrix.Offset, matrix.ByteCount)
            : null;

    public void Dispose() => _file.Dispose();

    private static RepackedDirectory ReadDirectory(MappedFile file)
    {
        RepackedPrefix prefix = RepackedPrefix.Read(new ReadOnlySpan<byte>(file.Pointer, RepackedPrefix.ByteCount));
        Require(
            prefix.DirectoryOffset >= RepackedDirectory.DataOffset && prefix.DirectoryBytes >= 0
                && prefix.DirectoryOffset == file.Length - prefix.DirectoryBytes,
            "it is not as long as it was when it was written");
        byte[] bytes = new ReadOnlySpan<byte>(file.Pointer + prefix.DirectoryOffset, prefix.DirectoryBytes).ToArray();
        Require(PanelLayout.Checksum(bytes) == prefix.DirectoryChecksum, "its directory is damaged");
        RepackedDirectory directory = RepackedDirectory.Parse(bytes);
        Require(directory.DataBytes <= prefix.DirectoryOffset - RepackedDirectory.DataOffset, "its directory contradicts itself");
        return directory;
    }

    private static void Require(bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new InvalidDataException(otherwise);
        }
    }

    private void Verify(WorkerPool pool)
    {
        VerifyWork work = new(this);
        pool.Run(work, _directory.Checksums.Count);
    }

    private sealed class VerifyWork(RepackedFile file) : ParallelWork
    {
        public override void Execute(int chunk, int worker)
        {
            long start = (long)chunk * RepackedDirectory.StretchBytes;
            int bytes = (int)Math.Min(RepackedDirectory.StretchBytes, file._directory.DataBytes - start);
            Require(PanelLayout.Checksum(new ReadOnlySpan<byte>(file.Data + start, bytes)) == file._directory.Checksums[chunk],
                "its data is damaged");
        }
    }
}
