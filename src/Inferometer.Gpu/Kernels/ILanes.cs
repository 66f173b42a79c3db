namespace Inferometer.Gpu.Kernels;

/// <summary>
/// How many threads of a warp share a row. A card has 32; without one a single thread does the same work, because an emulated warp meets
/// at every exchange and each meeting costs more than the arithmetic.
/// </summary>
internal interface ILanes
{
    /// <summary>Threads, a power of two.</summary>
    static abstract int Count { get; }
}

/// <summary>A warp of a card.</summary>
internal readonly struct Lanes32 : ILanes
{
    public static int Count => 32;
}

/// <summary>A small warp, to test the exchange between threads without a card.</summary>
internal readonly struct Lanes4 : ILanes
{
    public static int Count => 4;
}

/// <summary>One thread.</summary>
internal readonly struct Lanes1 : ILanes
{
    public static int Count => 1;
}
