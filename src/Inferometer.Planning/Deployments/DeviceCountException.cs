using Inferometer.Core;

namespace Inferometer.Planning.Deployments;

/// <summary>A number of devices is out of range.</summary>
/// <param name="message">What it was, where it came from, and what is allowed.</param>
public sealed class DeviceCountException(string message) : InferometerException(message);
