namespace Inferometer.Measurement.Published;

/// <summary>
/// Time of one kernel, operator or whole decoder step on one device (a collective: on several). Somebody else measured it.
/// </summary>
public sealed record OperatorMeasurement
{
    /// <summary>Name of the row: its file and line where the table gives none.</summary>
    public required string Id { get; init; }

    /// <summary>File it was read from.</summary>
    public required string Table { get; init; }

    /// <summary>Line of the file, from 1.</summary>
    public required int Line { get; init; }

    /// <summary>What was timed, as the table names it: <c>gemm</c>, <c>attn_decode</c>, <c>mlp_up_proj</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>What kind of work that is.</summary>
    public required OperatorClass Class { get; init; }

    /// <summary>Device, as the table names it.</summary>
    public required string Device { get; init; }

    /// <summary>Framework whose kernel it is; empty where the table does not say.</summary>
    public string Framework { get; init; } = "";

    /// <summary>Version of the framework; empty where the table does not say.</summary>
    public string Version { get; init; } = "";

    /// <summary>Model it belongs to; empty for bare shapes.</summary>
    public string Model { get; init; } = "";

    /// <summary>Number format of the operands (a product: of the weights), as the table names it; empty where it does not say.</summary>
    public string DataType { get; init; } = "";

    /// <summary>Number format of the KV cache, as the table names it; empty where it does not say.</summary>
    public string KvDataType { get; init; } = "";

    /// <summary>Sizes by name.</summary>
    public required OperatorShape Shape { get; init; }

    /// <summary>Time, microseconds, above 0.</summary>
    public required double Microseconds { get; init; }

    /// <summary>What else the table says, such as the kernel that was chosen.</summary>
    public string Note { get; init; } = "";
}
