namespace Inferometer.Sweeps.Rows;

/// <summary>A column of results.</summary>
/// <param name="Key">Its name, with the unit where there is one.</param>
/// <param name="Kind">What its values are.</param>
public sealed record ResultColumn(string Key, ColumnKind Kind);
