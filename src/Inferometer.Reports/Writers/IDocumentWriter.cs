using Inferometer.Reports.Documents;

namespace Inferometer.Reports.Writers;

/// <summary>One output format.</summary>
public interface IDocumentWriter
{
    /// <summary>Writes the whole document.</summary>
    void Write(Document document);
}
