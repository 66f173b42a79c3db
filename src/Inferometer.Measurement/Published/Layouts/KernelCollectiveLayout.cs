namespace Inferometer.Measurement.Published.Layouts;

/// <summary>Collectives of serving frameworks and of NCCL: <c>kernels_allreduce.csv</c>.</summary>
internal sealed class KernelCollectiveLayout() : OperatorLayout(
    "kernels of collectives (kernels_allreduce.csv)", ["gpu", "framework", "version", "op", "dtype", "num_gpus", "bytes", "us"])
{
    /// <inheritdoc/>
    protected override OperatorMeasurement Row(CsvTable table)
    {
        string op = table.Required("op");
        OperatorClass @class = op switch
        {
            "all_reduce" or "all_reduce_custom" => OperatorClass.AllReduce,
            "all_gather" or "alltoall" or "reduce_scatter" => OperatorClass.OtherCollective,
            _ => throw table.Wrong("op", "all_reduce, all_reduce_custom, all_gather, alltoall or reduce_scatter"),
        };
        return Of(
            table, op, @class, table.Required("gpu"), table.RequiredPositive("us"),
            ("devices", table.RequiredCount("num_gpus")), ("bytes", table.RequiredPositive("bytes")));
    }
}
