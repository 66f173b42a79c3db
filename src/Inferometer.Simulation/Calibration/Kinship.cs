using System.Runtime.InteropServices;
using Inferometer.Core;

namespace Inferometer.Simulation.Calibration;

/// <summary>
/// What measured groups (one model and format on one device with one framework) say of a group that nobody measured. The logarithms of
/// their factors are a random field: groups of one model on one device have so much of the variance in common, those that one framework
/// serves there so much more, and so on. Of a group without measurements the best linear prediction is taken (kriging): nothing where no
/// relative was measured, most of the relatives' factor where all agree. Immutable; thread-safe.
/// </summary>
public sealed class Kinship : IEquatable<Kinship>
{
    private readonly Relatives[] _relatives;

    // Of every group, whether its runs were enough to tell all that relatives could say something of.
    private readonly bool[] _saysAll;

    /// <summary>Prepares the predictions.</summary>
    /// <param name="shares">Of every coefficient that relatives say something of.</param>
    /// <param name="groups">Layers of measured groups.</param>
    public Kinship(EquatableList<KinShare> shares, EquatableList<CalibrationLayer> groups)
    {
        ArgumentNullException.ThrowIfNull(shares);
        ArgumentNullException.ThrowIfNull(groups);
        (Shares, Groups) = (shares, groups);
        _relatives = [.. shares.Select(share => new Relatives(share, groups))];
        _saysAll = [.. groups.Select(group => shares.All(share => Of(group, share.Coefficient) is not null))];
    }

    /// <summary>Shares of the variance, in the order of <see cref="Coefficient"/>.</summary>
    public EquatableList<KinShare> Shares { get; }

    /// <summary>The measured groups.</summary>
    public EquatableList<CalibrationLayer> Groups { get; }

    /// <summary>
    /// Factors of a deployment's group by its relatives: of one that was measured itself those that its runs were too few to tell. None
    /// where no group of its framework was measured.
    /// </summary>
    public IReadOnlyList<CoefficientFactor> FactorsOf(CalibrationSubject subject)
    {
        ArgumentNullException.ThrowIfNull(subject);
        Span<Kin> kin = Groups.Count <= 128 ? stackalloc Kin[Groups.Count] : new Kin[Groups.Count];
        bool ofFramework = false, related = false;
        CalibrationLayer? measured = null;
        for (int g = 0; g < kin.Length; g++)
        {
            if (Groups[g].Matches(subject))
            {
                if (_saysAll[g])
                {
                    return [];
                }

                measured = Groups[g];
                kin[g] = Kin.None;
                continue;
            }

            kin[g] = KinOf(Groups[g], subject);
            ofFramework |= (kin[g] & Kin.Framework) != Kin.None;
            related |= (kin[g] & ~Kin.Framework) != Kin.None;
        }

        if (!ofFramework || !related)
        {
            return [];
        }

        List<CoefficientFactor> factors = new(_relatives.Length);
        foreach (Relatives relatives in _relatives)
        {
            if (measured is null || Of(measured, relatives.Share.Coefficient) is null)
            {
                factors.Add(new CoefficientFactor(relatives.Share.Coefficient, Math.Exp(relatives.Predict(kin))));
            }
        }

        return factors;
    }

    /// <summary>Runs of groups of the same model on the same device, or with the same framework in the same format.</summary>
    public int RunsOfRelatives(CalibrationSubject subject)
    {
        ArgumentNullException.ThrowIfNull(subject);
        return Groups.Where(g => (KinOf(g, subject) & ~Kin.Framework) != Kin.None)
            .Sum(g => g.Runs);
    }

    /// <inheritdoc/>
    public bool Equals(Kinship? other) => other is not null && Shares.Equals(other.Shares) && Groups.Equals(other.Groups);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Kinship);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Shares, Groups);

    /// <summary>What two groups have in common.</summary>
    internal static Kin KinOf(CalibrationLayer a, CalibrationLayer b) =>
        KinOf(a, b.Framework!, b.Device!, b.Shape!, b.Format!);

    /// <summary>
    /// The logarithm of a group's factor on a coefficient; null where its runs say nothing of it: times to first token were not fitted.
    /// </summary>
    internal static double? Of(CalibrationLayer group, Coefficient coefficient)
    {
        foreach ((Coefficient moved, double factor) in group.Factors)
        {
            if (moved == coefficient)
            {
                return Math.Log(factor);
            }
        }

        return CoefficientTable.Of(coefficient).Serving ? null : 0;
    }

    private static Kin KinOf(CalibrationLayer group, CalibrationSubject subject) =>
        KinOf(group, subject.Framework.Name, subject.Device, subject.Shape, subject.Format);

    private static Kin KinOf(CalibrationLayer group, string framework, string device, string shape, string format)
    {
        bool sameShape = Same(group.Shape, shape);
        bool sameFramework = Same(group.Framework, framework);
        bool onDevice = sameShape && Same(group.Device, device);
        return (sameFramework ? Kin.Framework : Kin.None)
            | (onDevice ? Kin.ModelOnDevice : Kin.None)
            | (onDevice && sameFramework ? Kin.ModelServed : Kin.None)
            | (sameShape && sameFramework && Same(group.Format, format) ? Kin.ModelInFormat : Kin.None);

        static bool Same(string? a, string b) => string.Equals(a, b, StringComparison.Ordinal);
    }

    // One coefficient: weights = inverse of the covariance of the groups' logarithms, times these, so that a prediction is a sum.
    private sealed class Relatives
    {
        private readonly double[] _weights;

        public Relatives(KinShare share, EquatableList<CalibrationLayer> groups)
        {
            Share = share;
            _weights = new double[groups.Count];
            int[] known = [.. Enumerable.Range(0, groups.Count).Where(g => Of(groups[g], share.Coefficient) is not null)];
            double[,] covariance = new double[known.Length, known.Length];
            double[] values = [.. known.Select(g => Of(groups[g], share.Coefficient)!.Value)];
            for (int i = 0; i < known.Length; i++)
            {
                for (int j = 0; j < known.Length; j++)
                {
                    covariance[i, j] = i == j ? 1 : share.Of(KinOf(groups[known[i]], groups[known[j]]));
                }
            }

            Solve(covariance, values);
            for (int i = 0; i < known.Length; i++)
            {
                _weights[known[i]] = values[i];
            }
        }

        public KinShare Share { get; }

        public double Predict(ReadOnlySpan<Kin> kin)
        {
            double sum = 0;
            for (int g = 0; g < kin.Length; g++)
            {
                sum += Share.Of(kin[g]) * _weights[g];
            }

            return sum;
        }

        // Cholesky, in place: the matrix is one of sums of blocks of ones with a positive rest on the diagonal.
        private static void Solve(double[,] matrix, double[] values)
        {
            int n = values.Length;
            for (int j = 0; j < n; j++)
            {
                for (int k = 0; k < j; k++)
                {
                    for (int i = j; i < n; i++)
                    {
                        matrix[i, j] -= matrix[i, k] * matrix[j, k];
                    }
                }

                double root = Math.Sqrt(matrix[j, j]);
                for (int i = j; i < n; i++)
                {
                    matrix[i, j] /= root;
                }

                for (int k = 0; k < j; k++)
                {
                    values[j] -= matrix[j, k] * values[k];
                }

                values[j] /= root;
            }

            for (int j = n - 1; j >= 0; j--)
            {
                for (int i = j + 1; i < n; i++)
                {
                    values[j] -= matrix[i, j] * values[i];
                }

                values[j] /= matrix[j, j];
            }
        }
    }
}

/// <summary>What two groups have in common.</summary>
[Flags]
internal enum Kin
{
    /// <summary>Nothing that counts.</summary>
    None = 0,

    /// <summary>The framework.</summary>
    Framework = 1,

    /// <summary>Model and device.</summary>
    ModelOnDevice = 2,

    /// <summary>Model, device and framework: they differ by their formats.</summary>
    ModelServed = 4,

    /// <summary>Model, framework and format: they differ by their devices.</summary>
    ModelInFormat = 8,
}

/// <summary>How much of the variance of the logarithm of a group's factor is common to groups that have so much in common.</summary>
/// <param name="Coefficient">What the factor is on.</param>
/// <param name="ModelOnDevice">To groups of one model and device, with any framework and in any format.</param>
/// <param name="ModelServed">To groups of one model, device and framework, in any format, beyond the one before.</param>
/// <param name="ModelInFormat">To groups of one model, framework and format, on any device.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct KinShare(
    Coefficient Coefficient, double ModelOnDevice, double ModelServed, double ModelInFormat)
{
    /// <summary>All of them; below 1, as something is of each group's own.</summary>
    public double Sum => ModelOnDevice + ModelServed + ModelInFormat;

    /// <summary>Correlation of two groups.</summary>
    internal double Of(Kin kin) =>
        ((kin & Kin.ModelOnDevice) != Kin.None ? ModelOnDevice : 0)
        + ((kin & Kin.ModelServed) != Kin.None ? ModelServed : 0)
        + ((kin & Kin.ModelInFormat) != Kin.None ? ModelInFormat : 0);
}
