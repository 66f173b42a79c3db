using System.Globalization;
using System.Text.Json.Nodes;
using Inferometer.Core.Deployments;
using Inferometer.Core.Frameworks;
using Inferometer.Core.Hardware;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Planning;

namespace Inferometer.Planning.Deployments;

/// <summary>One replica apart from the limits of its steps: where it runs, with what, in which formats, and how it is spread.</summary>
public sealed record DeploymentShape
{
    /// <summary>Format that stands for the checkpoint's own.</summary>
    public const string Published = "published";

    private static readonly Core.EquatableList<string> Features = ["prefill", "decode", "flash_attention"];

    /// <summary>The model, as it was named.</summary>
    public required string Model { get; init; }

    /// <summary>What the system is named by: a name of the catalog, or a file.</summary>
    public required string SystemName { get; init; }

    /// <summary>The system.</summary>
    public required HardwareSystem System { get; init; }

    /// <summary>The serving framework.</summary>
    public required FrameworkProfile Framework { get; init; }

    /// <summary>Format of the weights.</summary>
    public required string Weights { get; init; }

    /// <summary>Format of the cache, or the name of a compressed one.</summary>
    public required string KvCache { get; init; }

    /// <summary>Degrees of parallelism; data parallelism only of attention, as other copies are replicas.</summary>
    public required Parallelism Parallelism { get; init; }

    /// <summary>Devices of a replica.</summary>
    public int Devices => Parallelism.DeviceCount;

    /// <summary>The same as a configuration of the simulator.</summary>
    internal SimulationConfig ToConfig()
    {
        JsonObject parameters = new() { ["system_name"] = SystemName, ["framework"] = Framework.Name };
        Degree(parameters, "tensor_parallel", Parallelism.Tensor);
        Degree(parameters, "pipeline_parallel", Parallelism.Pipeline);
        Degree(parameters, "expert_parallel", Parallelism.Expert);
        Degree(parameters, "data_parallel", Parallelism.Data);
        if (Parallelism.AttentionDataParallel)
        {
            parameters["attention_data_parallel"] = true;
        }

        JsonObject formats = [];
        if (!IsPublished(Weights))
        {
            formats["weights"] = Weights;
            if (Activations is { } narrow)
            {
                formats["activations"] = narrow;
            }
        }

        if (!IsPublished(KvCache))
        {
            if (CompressedCaches.Find(KvCache) is { } compressed)
            {
                parameters["kv_compression"] = new JsonObject { ["profile"] = compressed };
            }
            else
            {
                formats["kv_cache"] = KvCache;
            }
        }

        if (formats.Count > 0)
        {
            parameters["quantization"] = formats;
        }

        return new SimulationConfig { Model = Model, Features = Features, SimulationParams = new ParameterBag(parameters, "deployment") };
    }

    /// <summary>The same as options of <c>estimate</c>, <c>simulate</c> and <c>explain</c>.</summary>
    public string Options()
    {
        List<string> options = [$"--on {SystemName} --framework {Framework.Name}"];
        void Degree(string option, int degree)
        {
            if (degree > 1)
            {
                options.Add(Say($"{option} {degree}"));
            }
        }

        Degree("--tp", Parallelism.Tensor);
        Degree("--pp", Parallelism.Pipeline);
        Degree("--ep", Parallelism.Expert);
        Degree("--dp", Parallelism.Data);
        if (Parallelism.AttentionDataParallel)
        {
            options.Add("--attention-dp");
        }

        if (!IsPublished(Weights))
        {
            options.Add(Activations is { } narrow ? $"--weights {Weights} --activations {narrow}" : $"--weights {Weights}");
        }

        if (!IsPublished(KvCache))
        {
            options.Add($"--kv {KvCache}");
        }

        return string.Join(' ', options);
    }

    /// <summary>How it is spread, such as <c>tp 4</c> or <c>dp 8, ep 8</c>.</summary>
    public string Spread()
    {
        List<string> parts = [];
        if (Parallelism.AttentionDataParallel)
        {
            parts.Add(Say($"attention dp {Parallelism.Data}"));
        }

        if (Parallelism.Tensor > 1 || (Parallelism.Pipeline == 1 && !Parallelism.AttentionDataParallel))
        {
            parts.Add(Say($"tp {Parallelism.Tensor}"));
        }

        if (Parallelism.Pipeline > 1)
        {
            parts.Add(Say($"pp {Parallelism.Pipeline}"));
        }

        if (Parallelism.Expert > 1)
        {
            parts.Add(Say($"ep {Parallelism.Expert}"));
        }

        return string.Join(", ", parts);
    }

    /// <summary>The formats, such as <c>fp8, KV fp8</c>.</summary>
    public string Formats() => IsPublished(KvCache) ? Weights : $"{Weights}, KV {KvCache}";

    /// <summary>In a line: <c>4 x H100_SXM, tp 4, fp8, vllm</c>.</summary>
    public override string ToString() => Say($"{Devices} x {System.Name}, {Spread()}, {Formats()}, {Framework.Name}");

    internal static bool IsPublished(string format) => string.Equals(format, Published, StringComparison.OrdinalIgnoreCase);

    // What narrow weights are multiplied in; null = as wide as ever.
    private string? Activations => Weights is "fp8" or "int8" or "nvfp4" && MultipliesIn(Weights)
        ? Weights is "nvfp4" ? "fp4" : Weights
        : null;

    // Where a device has no arithmetic of the format, frameworks unpack such weights and multiply in sixteen bits.
    private bool MultipliesIn(string format) => System.Device.PeakOperationsPerSecond.ContainsKey(
        format switch { "fp8" => MathFormat.Fp8, "nvfp4" => MathFormat.Fp4, _ => MathFormat.Int8 });

    private static void Degree(JsonObject parameters, string name, int degree)
    {
        if (degree > 1)
        {
            parameters[name] = degree;
        }
    }

    private static string Say(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
