namespace Inferometer.Simulation.Features;

/// <summary>What a feature is about.</summary>
public enum FeatureCategory
{
    /// <summary>The phase that is simulated: prefill, decode, chunked.</summary>
    Inference,

    /// <summary>How the model is spread over devices.</summary>
    Parallelism,

    /// <summary>What makes it faster or smaller.</summary>
    Optimization,

    /// <summary>What the model is made of besides its base weights.</summary>
    Model,

    /// <summary>What it runs on.</summary>
    Hardware,
}
