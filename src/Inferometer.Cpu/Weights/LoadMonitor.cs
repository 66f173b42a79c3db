using Inferometer.ModelFiles.Formats;

namespace Inferometer.Cpu.Weights;

/// <summary>Adds up the bytes of the tensors taken so far and reports them; the place where a cancelled load stops.</summary>
internal sealed class LoadMonitor(ITensorSource source, IProgress<LoadProgress>? progress, CancellationToken cancellationToken)
{
    private readonly long _total = source.Tensors.Sum(tensor => tensor.ByteCount);
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);
    private long _loaded;

    /// <summary>The part of the file's bytes that was taken so far, 0 to 1.</summary>
    public double Fraction => _total == 0 ? 0 : (double)_loaded / _total;

    /// <summary>Notes that a tensor was taken; false when it was before, as another part of it.</summary>
    public bool Take(ModelTensor tensor)
    {
        if (!_taken.Add(tensor.Name))
        {
            return false;
        }

        _loaded += tensor.ByteCount;
        return true;
    }

    /// <summary>Reports that a stage begins.</summary>
    /// <exception cref="OperationCanceledException">The load was cancelled.</exception>
    public void Begin(string stage)
    {
        cancellationToken.ThrowIfCancellationRequested();
        progress?.Report(new LoadProgress(_loaded, _total, stage));
    }
}
