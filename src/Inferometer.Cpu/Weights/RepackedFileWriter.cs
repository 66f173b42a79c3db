using Inferometer.Core;
using Inferometer.Core.Gguf;
using Inferometer.Cpu.Kernels.Matrices;
using Inferometer.ModelFiles.Formats;

namespace Inferometer.Cpu.Weights;

/// <summary>Writes a <see cref="RepackedFile"/>, which appears under its name when it is complete.</summary>
internal sealed unsafe class RepackedFileWriter : IDisposable
{
    private const int Alignment = 64;

    private readonly string _path;
    private readonly UInt128 _fingerprint;
    private readonly AtomicFile _file;
    private readonly byte[] _stretch = new byte[RepackedDirectory.StretchBytes];
    private readonly List<uint> _checksums = [];
    private readonly List<RepackedMatrix> _matrices = [];
    private int _filled;

    /// <exception cref="InferometerException">The file cannot be created there.</exception>
    public RepackedFileWriter(string path, UInt128 fingerprint)
    {
        _path = path;
        _fingerprint = fingerprint;
        _file = new AtomicFile(path);
        _file.Stream.Position = RepackedDirectory.DataOffset;
    }

    private long Position => ((long)_checksums.Count * RepackedDirectory.StretchBytes) + _filled;

    /// <summary>Appends a matrix that was repacked.</summary>
    /// <exception cref="InferometerException">The file cannot be written.</exception>
    public void Add(string tensor, long firstRow, WeightMatrix matrix) => Guarded(() =>
    {
        Append(new byte[(Alignment - (Position % Alignment)) % Alignment]);
        _matrices.Add(new RepackedMatrix(tensor, firstRow, matrix.Rows, matrix.Columns, matrix.Type, Position, matrix.SizeBytes));
        for (long done = 0; done < matrix.SizeBytes; done += RepackedDirectory.StretchBytes)
        {
            Append(new ReadOnlySpan<byte>(matrix.Repacked + done, (int)Math.Min(RepackedDirectory.StretchBytes, matrix.SizeBytes - done)));
        }
    });

    /// <summary>Completes the file and gives it its name.</summary>
    /// <returns>Its size.</returns>
    /// <exception cref="InferometerException">The file cannot be written.</exception>
    public long Commit()
    {
        long length = 0;
        Guarded(() =>
        {
            long dataBytes = Position;
            if (_filled > 0)
            {
                WriteStretch();
            }

            (GgmlType, uint)[] layouts =
                [.. _matrices.Select(m => m.Type).Distinct().Select(type => (type, PanelLayout.Fingerprint(type)))];
            byte[] directory = new RepackedDirectory(_fingerprint, dataBytes, layouts, _checksums, _matrices).ToBytes();
            RepackedPrefix prefix = new(_file.Stream.Position, directory.Length, PanelLayout.Checksum(directory));
            _file.Stream.Write(directory);
            length = _file.Stream.Position;
            Span<byte> start = stackalloc byte[RepackedPrefix.ByteCount];
            prefix.Write(start);
            _file.Stream.Position = 0;
            _file.Stream.Write(start);
            _file.Commit();
        });
        return length;
    }

    public void Dispose() => _file.Dispose();

    private void Append(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            int count = Math.Min(bytes.Length, _stretch.Length - _filled);
            bytes[..count].CopyTo(_stretch.AsSpan(_filled));
            bytes = bytes[count..];
            _filled += count;
            if (_filled == _stretch.Length)
            {
                WriteStretch();
            }
        }
    }

    private void WriteStretch()
    {
        _checksums.Add(PanelLayout.Checksum(_stretch.AsSpan(0, _filled)));
        _file.Stream.Write(_stretch, 0, _filled);
        _filled = 0;
    }

    private void Guarded(Action write)
    {
        try
        {
            write();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InferometerException(
                $"{_path}: the repacked weights cannot be kept there: {FileFault.Describe(error, _path)}", error);
        }
    }
}
