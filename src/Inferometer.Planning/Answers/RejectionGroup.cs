using Inferometer.Planning.Screening;

namespace Inferometer.Planning.Answers;

/// <summary>Deployments that fail by the same constraint.</summary>
/// <param name="Reason">The constraint.</param>
/// <param name="Binding">What binds a replica, where the load is the matter; null elsewhere.</param>
/// <param name="Count">Deployments.</param>
/// <param name="Nearest">The one that fails by the least.</param>
public sealed record RejectionGroup(RejectionReason Reason, Binding? Binding, int Count, Rejection Nearest)
{
    /// <summary>Groups rejections, the constraint that most fail by first.</summary>
    internal static IReadOnlyList<RejectionGroup> Of(IEnumerable<(Rejection Rejection, int Count)> rejections) =>
    [
        .. rejections.GroupBy(r => (r.Rejection.Reason, r.Rejection.Binding))
            .Select(g => new RejectionGroup(g.Key.Reason, g.Key.Binding, g.Sum(r => r.Count), g.MinBy(r => r.Rejection.Excess).Rejection))
            .OrderByDescending(g => g.Count).ThenBy(g => g.Reason),
    ];
}
