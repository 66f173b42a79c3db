using Inferometer.Cpu.Kernels;
using Inferometer.Cpu.Kernels.Attention;

namespace Inferometer.Compression.Cache;

/// <summary>The pages of a compressed cache that hold exact keys and values, one buffer per layer. Not thread-safe.</summary>
internal sealed unsafe class ExactPagePool : IDisposable
{
    private readonly KvPageLayout[] _layouts;
    private readonly NativeBuffer[] _layers;
    private readonly Stack<int> _free;

    public ExactPagePool(KvPageLayout[] layouts, int pages)
    {
        _layouts = layouts;
        _layers = [.. layouts.Select(layout => new NativeBuffer(pages * layout.PageBytes))];
        _free = new Stack<int>(Enumerable.Range(0, pages).Reverse());
        PageCount = pages;
    }

    public int PageCount { get; }

    public int FreeCount => _free.Count;

    public long MemoryBytes => _layers.Sum(layer => layer.ByteCount);

    public byte* Base(int layer) => _layers[layer].Address;

    public byte* Page(int layer, int page) => _layers[layer].Address + page * _layouts[layer].PageBytes;

    public bool TryTake(out int page) => _free.TryPop(out page);

    public void Return(int page) => _free.Push(page);

    public void Copy(int source, int target)
    {
        for (int layer = 0; layer < _layers.Length; layer++)
        {
            long bytes = _layouts[layer].PageBytes;
            Buffer.MemoryCopy(Page(layer, source), Page(layer, target), bytes, bytes);
        }
    }

    public void Dispose()
    {
        foreach (NativeBuffer layer in _layers)
        {
            layer.Dispose();
        }
    }
}
