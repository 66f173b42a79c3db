namespace Inferometer.Core.Models;

/// <summary>
/// Several residual streams (arXiv:2301.13310): a layer predicts all of them, computes one, and corrects the others by what that one
/// turned out to be. A low-rank branch beside attention (arXiv:2411.07501) joins it.
/// </summary>
/// <param name="Streams">Residual streams.</param>
/// <param name="Active">The one that is computed.</param>
/// <param name="BranchRank">Rank of the branch beside attention.</param>
/// <param name="ScalesCorrection">The corrected stream is scaled, channel by channel, before it meets the layer's own input.</param>
public sealed record AlternatingUpdates(int Streams, int Active, int BranchRank, bool ScalesCorrection);
