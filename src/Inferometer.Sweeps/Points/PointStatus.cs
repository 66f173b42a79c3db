namespace Inferometer.Sweeps.Points;

/// <summary>What became of a point.</summary>
public static class PointStatus
{
    /// <summary>It was priced.</summary>
    public const string Ok = "ok";

    /// <summary>It takes more memory than there is.</summary>
    public const string DoesNotFit = "does_not_fit";

    /// <summary>It contradicts itself, the model or the machine.</summary>
    public const string NotPossible = "not_possible";
}
