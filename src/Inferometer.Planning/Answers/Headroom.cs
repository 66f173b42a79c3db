using System.Runtime.InteropServices;

namespace Inferometer.Planning.Answers;

/// <summary>How much more the deployment carries before a limit is missed.</summary>
/// <param name="Factor">Of the load that was planned for, at least 1.</param>
/// <param name="Load">Users or requests a second that it carries.</param>
/// <param name="IsMore">It carries more than was tried.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct Headroom(double Factor, double Load, bool IsMore);
