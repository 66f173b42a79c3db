namespace Inferometer.Sweeps.Tables;

/// <summary>Draws line plots in characters: a letter for each line at its points, dots between them.</summary>
internal static class TextPlot
{
    private const int Height = 18;
    private const int LeastWidth = 40;
    private const string Letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

    public static IReadOnlyList<string> Draw(LinePlot plot, int width)
    {
        int margin = Math.Max(4, plot.Y.Ticks.Select(t => t.Label.Length).DefaultIfEmpty().Max());
        int across = Math.Max(LeastWidth, width) - margin - 2;
        char[][] field = [.. Enumerable.Range(0, Height).Select(_ => Enumerable.Repeat(' ', across).ToArray())];
        int Column(double x) => (int)Math.Round(plot.X.Place(x) * (across - 1));
        int Row(double y) => Height - 1 - (int)Math.Round(plot.Y.Place(y) * (Height - 1));
        for (int i = 0; i < plot.Lines.Count; i++)
        {
            IReadOnlyList<LinePlot.PlotPoint> points = plot.Lines[i].Points;
            for (int p = 1; p < points.Count; p++)
            {
                Dots(field, (Column(points[p - 1].X), Row(points[p - 1].Y)), (Column(points[p].X), Row(points[p].Y)));
            }
        }

        for (int i = 0; i < plot.Lines.Count; i++)
        {
            foreach (LinePlot.PlotPoint p in plot.Lines[i].Points)
            {
                ref char cell = ref field[Row(p.Y)][Column(p.X)];
                cell = cell is ' ' or '.' ? Letters[i % Letters.Length] : '*';
            }
        }

        string[] labels = [.. Enumerable.Repeat("", Height)];
        foreach ((double at, string label) in plot.Y.Ticks)
        {
            labels[Row(at)] = label;
        }

        return
        [
            plot.Title,
            .. field.Select((row, r) => $"{labels[r].PadLeft(margin)} |{new string(row)}".TrimEnd()),
            $"{new string(' ', margin)} +{new string('-', across)}",
            $"{new string(' ', margin + 2)}{Labels(plot, across, Column)}",
            $"{new string(' ', margin + 2)}{plot.Across}",
            .. plot.Lines.Select((line, i) => $"  {Letters[i % Letters.Length]}  {line.Name}"),
        ];
    }

    private static void Dots(char[][] field, (int X, int Y) from, (int X, int Y) to)
    {
        int steps = Math.Max(Math.Abs(to.X - from.X), Math.Abs(to.Y - from.Y));
        for (int i = 1; i < steps; i++)
        {
            int x = from.X + (int)Math.Round((to.X - from.X) * (double)i / steps);
            int y = from.Y + (int)Math.Round((to.Y - from.Y) * (double)i / steps);
            field[y][x] = field[y][x] is ' ' ? '.' : field[y][x];
        }
    }

    // As many as stand beside each other without touching.
    private static string Labels(LinePlot plot, int across, Func<double, int> column)
    {
        char[] line = [.. Enumerable.Repeat(' ', across + 12)];
        int free = 0;
        foreach ((double at, string label) in plot.X.Ticks)
        {
            int from = Math.Max(0, column(at) - (label.Length / 2));
            if (from >= free && from + label.Length <= line.Length)
            {
                label.CopyTo(line.AsSpan(from));
                free = from + label.Length + 1;
            }
        }

        return new string(line).TrimEnd();
    }
}
