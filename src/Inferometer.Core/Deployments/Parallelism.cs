namespace Inferometer.Core.Deployments;

/// <summary>Degrees of parallelism; each is at least 1. Devices used = Tensor x Pipeline x Data.</summary>
/// <param name="Tensor">Tensor-parallel degree: heads and FFN widths are split.</param>
/// <param name="Pipeline">Pipeline-parallel degree: layers are split.</param>
/// <param name="Expert">Expert-parallel degree: experts are split over devices of the tensor x data group.</param>
/// <param name="Data">Data-parallel degree: the batch is split over replicas.</param>
/// <param name="AttentionDataParallel">
/// True: attention is replicated over the <see cref="Data"/> ranks, each with its share of the batch, while experts are
/// shared by all of them (as SGLang's dp-attention). False: the replicas share nothing.
/// </param>
public readonly record struct Parallelism(
    int Tensor = 1, int Pipeline = 1, int Expert = 1, int Data = 1, bool AttentionDataParallel = false)
{
    /// <summary>No parallelism.</summary>
    public static Parallelism None => new(1, 1, 1, 1, false);

    /// <summary>Devices the deployment takes.</summary>
    public int DeviceCount => Tensor * Pipeline * Data;
}
