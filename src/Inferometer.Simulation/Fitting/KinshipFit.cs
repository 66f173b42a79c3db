using Inferometer.Simulation.Calibration;

namespace Inferometer.Simulation.Fitting;

/// <summary>
/// How alike the factors of related groups are: products of pairs of logarithms over their mean square, for pairs that have so much in
/// common, each mean shrunk as if so many pairs more had been found that are not alike at all.
/// </summary>
internal static class KinshipFit
{
    private const double PairsOfNothing = 10;

    // Something is left to each group by itself, so that a prediction never follows one relative blindly.
    private const double MostShared = 0.9;
    private const double LeastShare = 0.02;

    /// <summary>Estimates.</summary>
    /// <param name="groups">Layers of groups, each fitted by itself.</param>
    public static Kinship Of(IReadOnlyList<CalibrationLayer> groups)
    {
        List<KinShare> shares = [];
        foreach (Coefficient coefficient in CoefficientTable.All.Where(info => !info.Own).Select(info => info.Coefficient))
        {
            (CalibrationLayer Group, double Value)[] known =
                [.. groups.Where(g => Kinship.Of(g, coefficient) is not null).Select(g => (g, Kinship.Of(g, coefficient)!.Value))];
            double square = known.Sum(k => k.Value * k.Value) / Math.Max(1, known.Length);
            if (square > 0)
            {
                KinShare share = Share(coefficient, known, square);
                if (share.Sum > 0)
                {
                    shares.Add(share);
                }
            }
        }

        return new Kinship([.. shares], [.. groups]);
    }

    private static KinShare Share(Coefficient coefficient, (CalibrationLayer Group, double Value)[] known, double square)
    {
        Dictionary<Kin, (double Sum, int Pairs)> found = [];
        for (int i = 0; i < known.Length; i++)
        {
            for (int j = 0; j < i; j++)
            {
                Kin kin = Kinship.KinOf(known[i].Group, known[j].Group);
                (double sum, int pairs) = found.GetValueOrDefault(kin);
                found[kin] = (sum + (known[i].Value * known[j].Value), pairs + 1);
            }
        }

        double onDevice = Correlation(Kin.ModelOnDevice);
        double served = Correlation(Kin.Framework | Kin.ModelOnDevice | Kin.ModelServed) - onDevice;
        double inFormat = Correlation(Kin.Framework | Kin.ModelInFormat);
        double[] all = [.. new[] { onDevice, served, inFormat }.Select(s => s < LeastShare ? 0 : s)];
        double scale = Math.Min(1, MostShared / Math.Max(1e-9, all.Sum()));
        return new KinShare(coefficient, Rounded(0), Rounded(1), Rounded(2));

        double Correlation(Kin kin)
        {
            (double sum, int pairs) = found.GetValueOrDefault(kin);
            return sum / (square * (pairs + PairsOfNothing));
        }

        // As the file has it, so that a fit and what is read back of it predict the same.
        double Rounded(int i) => Math.Round(all[i] * scale, 3);
    }
}
