using Inferometer.Server.Wire;

namespace Inferometer.Server.OpenAi;

/// <summary>Fields for what vLLM, llama.cpp and OpenAI do beside generating and this server does not: what to do instead.</summary>
internal static class ForeignFields
{
    /// <summary>Those of any request.</summary>
    /// <exception cref="ApiException">One asks for something.</exception>
    public static void Refuse(RequestFields fields)
    {
        fields.Refuse("logprob_token_ids", "log-probabilities are those of the most probable tokens; give top_logprobs.");
        fields.Refuse("return_tokens_as_token_ids", "tokens are given as texts and bytes.");
        fields.Refuse("return_token_ids", "answers are texts; /tokenize gives the tokens of one.");
        fields.Refuse("return_tokens", "answers are texts; /tokenize gives the tokens of one.");
        fields.Refuse("return_prompt_text", "the prompt is not given back; /tokenize with messages and /detokenize show it.");
        fields.Refuse("cache_salt", "the prefix cache has no salts; \"cache_prompt\": false keeps a prompt out of it.");
        fields.Refuse("thinking_token_budget", "reasoning has no limit of its own; max_tokens holds for all of the answer.");
        fields.Refuse("repetition_detection", "answers that repeat themselves are not ended; give a repetition_penalty.");
        fields.Refuse("kv_transfer_params", "caches are not sent from one server to another.");
        fields.Refuse("vllm_xargs", "there are no such arguments here.");
    }

    /// <summary>Those of conversations.</summary>
    /// <exception cref="ApiException">One asks for something.</exception>
    public static void RefuseOfChats(RequestFields fields)
    {
        fields.Refuse("echo", "the conversation is not given back.");
        fields.Refuse("chat_template", "templates of requests are not run; start the server with --chat-template.");
        fields.Refuse("documents", "give them to the template by chat_template_kwargs, as \"documents\".");
        fields.Refuse("add_special_tokens", "the tokens in front of a conversation come once, whoever writes them; leave it out.");
        if (fields.Flag("include_reasoning") is false)
        {
            throw ApiException.Unsupported("include_reasoning", "reasoning is given beside the answer, as reasoning_content.");
        }

        if (fields.Text("verbosity") is not (null or "medium"))
        {
            throw ApiException.Unsupported("verbosity", "nothing makes answers shorter or longer; \"medium\" is taken.");
        }
    }
}
