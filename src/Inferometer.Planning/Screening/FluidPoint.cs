using System.Runtime.InteropServices;

namespace Inferometer.Planning.Screening;

/// <summary>A replica in balance: so many requests decode on average, and each sees these times.</summary>
/// <param name="Sequences">Requests that decode beside each other.</param>
/// <param name="RequestsPerSecond">Requests that are answered a second.</param>
/// <param name="StepSeconds">A decode step.</param>
/// <param name="TimeToFirstToken">Of the prompt of the limit's percentile, with the mean wait; seconds.</param>
/// <param name="TimePerOutputToken">Mean, seconds, stalls by prompts included.</param>
/// <param name="EndToEnd">Mean, seconds.</param>
/// <param name="Users">Users that ask so much: those served, those waiting, those thinking.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct FluidPoint(
    double Sequences,
    double RequestsPerSecond,
    double StepSeconds,
    double TimeToFirstToken,
    double TimePerOutputToken,
    double EndToEnd,
    double Users);
