namespace Inferometer.Inference.Chat.Formats;

/// <summary>Takes an answer apart that is messages, each with a header of its own.</summary>
internal interface IMessageReader
{
    /// <summary>Adds text and returns what is certain; the list is good until the next call.</summary>
    List<AnswerPart> Append(string text);

    /// <summary>Ends the answer and returns what was held back; the list is good until the next call.</summary>
    List<AnswerPart> Complete();
}
