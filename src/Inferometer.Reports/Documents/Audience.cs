namespace Inferometer.Reports.Documents;

/// <summary>Who reads a column or a named value.</summary>
public enum Audience
{
    /// <summary>People and machines.</summary>
    Everyone,

    /// <summary>Tables and Markdown only.</summary>
    People,

    /// <summary>CSV and JSON only.</summary>
    Machines,
}
