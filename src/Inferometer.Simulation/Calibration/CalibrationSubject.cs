using System.Globalization;
using Inferometer.Core.Catalog;
using Inferometer.Core.Deployments;
using Inferometer.Core.Frameworks;
using Inferometer.Core.Hardware;
using Inferometer.Core.Models;
using Inferometer.Core.Weights;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Calibration;

/// <summary>What a calibration tells deployments apart by.</summary>
public sealed record CalibrationSubject
{
    /// <summary>The framework.</summary>
    public required FrameworkProfile Framework { get; init; }

    /// <summary>Class of the device.</summary>
    public required DeviceClass DeviceClass { get; init; }

    /// <summary>Architecture of the device, such as <c>Hopper</c>.</summary>
    public required string Architecture { get; init; }

    /// <summary>Name of the device.</summary>
    public required string Device { get; init; }

    /// <summary>
    /// Layers, width and vocabulary of the network, such as <c>80x8192x128256</c>: equal for all checkpoints that cost the same, whatever
    /// they are called.
    /// </summary>
    public required string Shape { get; init; }

    /// <summary><c>16-bit</c>, <c>8-bit</c>, <c>fp4</c>, or the name of the format most weights are stored in.</summary>
    public required string Format { get; init; }

    /// <summary>A release of the framework before today's, or null.</summary>
    public string? Release { get; init; }

    /// <summary>The subject of a request. Where it names no framework, one that serves such formats on such devices is taken.</summary>
    public static CalibrationSubject Of(EstimateRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        Device device = request.System.Device;
        DeviceClass deviceClass = DeviceClasses.Of(device);
        Precision stored = StoredOf(request);
        return new CalibrationSubject
        {
            Framework = request.Framework ?? FrameworkCatalog.Find(UsualFramework(deviceClass, stored), "framework"),
            DeviceClass = deviceClass,
            Architecture = device.Architecture,
            Device = device.Name,
            Shape = ShapeOf(request.Architecture),
            Format = FormatOf(stored),
            Release = request.Release,
        };
    }

    /// <summary>Shape of a network.</summary>
    public static string ShapeOf(ModelArchitecture model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return string.Create(CultureInfo.InvariantCulture, $"{model.LayerCount}x{model.HiddenSize}x{model.VocabularySize}");
    }

    // Routed experts are nearly all of a model that has them.
    private static Precision StoredOf(EstimateRequest request) => request.WeightScheme switch
    {
        OverriddenScheme { Parts: var parts } when parts.FirstOrDefault(p => p.Part == WeightPart.Experts) is { } experts
            && request.Architecture.Layers.Any(layer => layer.FeedForward is MoeFeedForward) => experts.Scheme.Main,
        { } scheme => scheme.Main,
        _ => request.Precisions.Weights,
    };

    private static string FormatOf(Precision stored) => stored.Name switch
    {
        "bf16" or "fp16" => "16-bit",
        "fp8" or "int8" => "8-bit",
        "fp4" or "nvfp4" or "mxfp4" => "fp4",
        var name => name,
    };

    // GGUF's formats are llama.cpp's own; processors and Apple's machines are mostly served by it too.
    private static string UsualFramework(DeviceClass deviceClass, Precision stored) =>
        stored.IsGguf || deviceClass is DeviceClass.Apple or DeviceClass.Cpu or DeviceClass.Unified ? "llama.cpp" : "vllm";
}
