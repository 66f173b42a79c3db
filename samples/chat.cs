#:project ../src/Inferometer.Inference
using Inferometer.Inference.Chat;
using Inferometer.Inference.Engine;
using Microsoft.Extensions.AI;

// The common chat client of .NET: whatever takes an IChatClient runs on the engine.
using IChatClient client = new EngineChatClient(InferenceEngine.Load("assets/models/tales-5m-q8_0.gguf"), ownsEngine: true);
List<ChatMessage> conversation = [new(ChatRole.System, "You tell tales."), new(ChatRole.User, "Who lived in the old house?")];
ChatResponse answer = await client.GetResponseAsync(conversation, new ChatOptions { MaxOutputTokens = 24, Temperature = 0 });
conversation.AddRange(answer.Messages);
Console.WriteLine(answer.Text);
Console.WriteLine($"{answer.Usage?.InputTokenCount} tokens in, {answer.Usage?.OutputTokenCount} out");
