namespace Inferometer.Measurement.Replay;

/// <summary>What a table says of a deployment, in its own names.</summary>
/// <param name="Model">Model.</param>
/// <param name="System">Device.</param>
/// <param name="Precision">Number format of the weights.</param>
/// <param name="KvPrecision">Number format of the KV cache; empty = what the framework's recipe has.</param>
/// <param name="Framework">Framework; empty = unknown.</param>
/// <param name="Version">Its version; empty = unknown.</param>
public sealed record DeploymentText(
    string Model, string System, string Precision, string KvPrecision = "", string Framework = "", string Version = "");
