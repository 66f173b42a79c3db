using System.Runtime.InteropServices;

namespace Inferometer.Compression.Cache;

/// <summary>
/// The sequences of a step as stretches of blocks that are all exact or all compressed. Reused from step to step. Not thread-safe.
/// </summary>
internal sealed class StepStretches
{
    private readonly List<Stretch> _stretches = [];
    private readonly List<int> _firsts = [];
    private int[] _pages = [];
    private int _used;

    /// <summary>Forgets all sequences.</summary>
    public void Clear()
    {
        _stretches.Clear();
        _firsts.Clear();
        _used = 0;
    }

    /// <summary>Starts the next sequence, which has at most so many blocks.</summary>
    public void BeginSequence(int blocks)
    {
        if (_pages.Length < _used + blocks)
        {
            Array.Resize(ref _pages, Math.Max(_used + blocks, 2 * _pages.Length));
        }

        _firsts.Add(_stretches.Count);
    }

    /// <summary>Adds the sequence's next block.</summary>
    /// <param name="isCompressed">How it is stored.</param>
    /// <param name="page">Its page among those stored so.</param>
    /// <param name="tokens">Tokens in it.</param>
    public void Add(bool isCompressed, int page, int tokens)
    {
        if (_stretches.Count == _firsts[^1] || _stretches[^1].IsCompressed != isCompressed)
        {
            _stretches.Add(new Stretch(isCompressed, _used, 0, 0));
        }

        ref Stretch stretch = ref CollectionsMarshal.AsSpan(_stretches)[^1];
        stretch = stretch with { Pages = stretch.Pages + 1, Tokens = stretch.Tokens + tokens };
        _pages[_used++] = page;
    }

    /// <summary>Stretches of a sequence of the step, by position.</summary>
    public ReadOnlySpan<Stretch> Of(int sequence)
    {
        int end = sequence + 1 < _firsts.Count ? _firsts[sequence + 1] : _stretches.Count;
        return CollectionsMarshal.AsSpan(_stretches)[_firsts[sequence]..end];
    }

    /// <summary>Pages of a stretch by position.</summary>
    public ReadOnlyMemory<int> PagesOf(Stretch stretch) => _pages.AsMemory(stretch.FirstPage, stretch.Pages);

    /// <summary>A run of blocks stored in one way.</summary>
    [StructLayout(LayoutKind.Auto)]
    public readonly record struct Stretch(bool IsCompressed, int FirstPage, int Pages, int Tokens);
}
