namespace Inferometer.Sweeps.Rows;

/// <summary>What the values of a column are.</summary>
public enum ColumnKind
{
    /// <summary>Whole numbers.</summary>
    Whole,

    /// <summary>Numbers.</summary>
    Number,

    /// <summary>Texts.</summary>
    Text,
}
