using Inferometer.ModelFiles.Tokenization;
using Inferometer.Reports.Documents;

namespace Inferometer.Reports.Generation;

/// <summary>What <c>tokenize</c> prints: the tokens of a text, and the prompt they are those of.</summary>
public static class TokenPage
{
    /// <summary>The page.</summary>
    /// <param name="model">Name of the model.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <param name="text">The text; of a conversation, as the chat template wrote it.</param>
    /// <param name="ids">Its tokens.</param>
    public static Document Of(string model, Tokenizer tokenizer, string text, IReadOnlyList<int> ids)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(ids);
        Table table = new(
            "tokens", null, Column.Number("id", "id"), Column.Text("piece", "piece"), Column.Text("text", "text"),
            Column.Text("kind", "kind"));
        foreach (int id in ids)
        {
            table.Add(Cell.Number(id, id.ToString(System.Globalization.CultureInfo.InvariantCulture)), Piece(tokenizer, id),
                Text(tokenizer, id), tokenizer.KindOf(id).ToString().ToLowerInvariant());
        }

        return new Document(
            new Facts(null,
            [
                new("Model", "model", model),
                new("Prompt", "prompt", new Cell(VisibleText.Of(text), text)),
                new("Tokens", "token_count", ids.Count),
            ]),
            table);
    }

    /// <summary>Pieces are shown as the vocabulary writes them; one that is white space or a line end would break the table.</summary>
    private static Cell Piece(Tokenizer tokenizer, int id)
    {
        string piece = tokenizer.TokenText(id);
        return new Cell(string.IsNullOrWhiteSpace(piece) || piece.Any(char.IsControl) ? VisibleText.Of(piece) : piece, piece);
    }

    private static Cell Text(Tokenizer tokenizer, int id)
    {
        string text = tokenizer.Decode([id], includeControl: true, isContinuation: true);
        return new Cell(VisibleText.Of(text), text);
    }
}
