using System.Runtime.InteropServices;

namespace Inferometer.Planning.Screening;

/// <summary>What a deployment may take.</summary>
/// <param name="MaxDevices">Most devices; null = no limit.</param>
/// <param name="BudgetPerMonth">Most US dollars a month; null = no limit.</param>
/// <param name="Spares">Replicas beyond those that the load takes.</param>
/// <param name="SpotShare">Share of the replicas that may be on spot.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct ScreenBounds(int? MaxDevices, double? BudgetPerMonth, int Spares, double SpotShare);
