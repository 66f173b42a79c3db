namespace Inferometer.Cli.Output;

/// <summary>One output format.</summary>
internal interface IDocumentWriter
{
    void Write(Document document);
}
