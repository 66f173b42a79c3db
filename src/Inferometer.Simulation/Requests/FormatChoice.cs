using Inferometer.Core.Deployments;
using Inferometer.Core.Frameworks;
using Inferometer.Core.Hardware;
using Inferometer.Core.Models;
using Inferometer.Core.Weights;

namespace Inferometer.Simulation.Requests;

/// <summary>
/// The formats that a request starts from: those of the checkpoint, or those that a name (<c>--bits</c>) gives to all of it.
/// </summary>
internal static class FormatChoice
{
    /// <summary>The value that stands for the checkpoint's own format.</summary>
    public const string Published = "published";

    /// <summary>Formats and scheme.</summary>
    /// <param name="text">A name of <see cref="WeightFormats"/>; null or <see cref="Published"/> = as the checkpoint is.</param>
    /// <param name="model">The model.</param>
    /// <param name="device">The device, which has arithmetic of the format or has not.</param>
    /// <param name="framework">What serves it; null = nothing is said.</param>
    /// <param name="origin">Where the name stands.</param>
    public static (PrecisionSet Precisions, WeightScheme Scheme) Of(
        string? text, ModelArchitecture model, Device device, FrameworkProfile? framework, string origin)
    {
        if (text is null || IsPublished(text))
        {
            WeightScheme own = AsServed(OfCheckpoint(model), framework);
            return (new PrecisionSet
            {
                Weights = own.Main,
                Activations = own.Compute,
                KvCache = model.PublishedKvCache ?? framework?.KvCache ?? own.Compute,
                Communication = own.Compute,
            }, own);
        }

        WeightScheme scheme = WeightFormats.Find(text, origin);

        // A format for weights alone leaves activations, cache and messages in bf16, as the frameworks that serve it do; one that has
        // arithmetic of eight bits sets activations and cache too.
        bool activationsToo = scheme is EngineScheme && (scheme.Name is "int8" || scheme.Name.StartsWith("fp8", StringComparison.Ordinal));
        Precision narrow = activationsToo ? Precision.Parse(scheme.Name is "int8" ? "int8" : "fp8", origin) : scheme.Compute;

        // Checkpoints in NVFP4 quantise activations likewise, and frameworks multiply so where the device can; elsewhere they unpack.
        bool multiplies = scheme is EngineScheme && scheme.Name is "nvfp4" or "fp4"
            && device.PeakOperationsPerSecond.ContainsKey(MathFormat.Fp4);
        return (new PrecisionSet
        {
            Weights = activationsToo ? narrow : scheme.Main,
            Activations = multiplies ? Precision.Parse("fp4", origin) : narrow,
            KvCache = framework?.KvCache ?? narrow,
            Communication = scheme.Compute,
        }, scheme);
    }

    /// <summary>The checkpoint's own scheme; bf16 where the file names no type.</summary>
    public static WeightScheme OfCheckpoint(ModelArchitecture model)
    {
        WeightScheme scheme = model.PublishedWeights ?? WeightFormats.Of(
            Precision.Bf16, $"an assumption: {model.Source ?? model.Name} names no type of weights");
        return scheme with { IsOfCheckpoint = true };
    }

    /// <summary>The scheme that a setting names.</summary>
    public static WeightScheme SchemeOf(string text, ModelArchitecture model, string origin) =>
        IsPublished(text) ? OfCheckpoint(model) : WeightFormats.Find(text, origin);

    // Frameworks round a checkpoint of 32-bit floats when they load it, and llama.cpp's converter makes other formats of several.
    private static WeightScheme AsServed(WeightScheme own, FrameworkProfile? framework) =>
        !own.IsGguf && framework is not null && framework.Serves.TryGetValue(own.Name, out string? format)
            ? WeightFormats.Find(format, $"{framework.Name}, which serves {own.Name} so ({own.Origin})") with { IsOfCheckpoint = true }
            : own;

    private static bool IsPublished(string text) => string.Equals(text.Trim(), Published, StringComparison.OrdinalIgnoreCase);
}
