namespace Inferometer.Sweeps.Rows;

/// <summary>Writes rows of results to a stream.</summary>
internal interface IRowWriter : IAsyncDisposable
{
    /// <summary>Writes the rows of a block behind those before.</summary>
    ValueTask WriteAsync(RowBlock block, CancellationToken cancellationToken);

    /// <summary>Writes what stands at the end; nothing may follow.</summary>
    ValueTask CompleteAsync(CancellationToken cancellationToken);
}
