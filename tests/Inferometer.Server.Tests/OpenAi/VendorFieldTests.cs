using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Inferometer.Inference.Engine;
using Inferometer.Inference.Sampling;
using Inferometer.ModelFiles.Templates;
using Inferometer.ModelFiles.Tokenization;
using Inferometer.Tests;

namespace Inferometer.Server.Tests.OpenAi;

/// <summary>The fields that clients of vLLM, llama.cpp and OpenAI send: done, taken as they change nothing, or refused by name.</summary>
[Collection(EngineTests.Name)]
public sealed partial class VendorFieldTests(EngineFixture fixture)
{
    private const string Chat = "/v1/chat/completions";
    private const string Text = "/v1/completions";
    private const string Message = """{"role":"user","content":"What came then?"}""";
    private const string Prompt = "It was a dark and stormy";

    /// <summary>A field, a value that is taken, and one that is not (empty = there is none).</summary>
    private static readonly (string Field, string Taken, string Refused)[] s_both =
    [
        ("repetition_penalty", "1.1", "0"), ("repeat_penalty", "1.1", "0"), ("repeat_last_n", "-1", "\"all\""), ("top_k", "5", "-2"),
        ("min_p", "0.1", "2"), ("seed", "4", "0.5"), ("logit_bias", "{\"5\":-100}", "[]"), ("max_tokens", "1", "0"),
        ("max_completion_tokens", "1", "0"), ("n_predict", "1", "0"), ("min_tokens", "1", "9"), ("stop_token_ids", "[5]", "[-1]"),
        ("ignore_eos", "true", "1"), ("skip_special_tokens", "false", "0"), ("include_stop_str_in_output", "true", "\"yes\""),
        ("truncate_prompt_tokens", "4", "0"), ("truncation_side", "\"left\"", "\"middle\""), ("priority", "-3", "0.5"),
        ("cache_prompt", "false", "0"), ("guided_json", "{\"type\":\"integer\"}", "7"), ("guided_regex", "\"[ab]+\"", "\"(\""),
        ("guided_choice", "[\"a\",\"b\"]", "[]"), ("guided_grammar", "\"root ::= [a-z]+\"", "\"root ::= x\""),
        ("structured_outputs", "{\"choice\":[\"a\"]}", "{}"), ("json_schema", "{\"type\":\"integer\"}", "7"),
        ("grammar", "\"root ::= [a-z]+\"", "\"root ::= x\""), ("timings_per_token", "true", "1"), ("stream_options",
            "{\"include_usage\":true,\"continuous_usage_stats\":true}", "{\"made_up\":true}"),
        ("user", "\"a\"", ""), ("metadata", "{\"a\":\"b\"}", ""), ("store", "true", ""), ("service_tier", "\"auto\"", ""),
        ("safety_identifier", "\"a\"", ""), ("prompt_cache_key", "\"a\"", ""), ("prompt_cache_retention", "\"24h\"", ""),
        ("prediction", "{\"type\":\"content\",\"content\":\"a\"}", ""), ("request_id", "\"a\"", ""), ("session_id", "\"a\"", ""),
        ("id_slot", "1", ""), ("n_keep", "4", ""), ("n_discard", "0", ""), ("guided_decoding_backend", "\"xgrammar\"", ""),
        ("spaces_between_special_tokens", "true", ""), ("stream_interval", "4", ""),
        ("typical_p", "1.0", "0.9"), ("tfs_z", "1", "0.9"), ("top_n_sigma", "-1.0", "2"), ("mirostat", "0", "2"),
        ("mirostat_tau", "5.0", ""), ("mirostat_eta", "0.1", ""), ("dynatemp_range", "0.0", "0.5"), ("dynatemp_exponent", "1.0", ""),
        ("dry_multiplier", "0.0", "0.8"), ("dry_base", "1.75", ""), ("dry_allowed_length", "2", ""), ("dry_penalty_last_n", "-1", ""),
        ("dry_sequence_breakers", "[\"\\n\"]", ""), ("xtc_probability", "0.0", "0.5"), ("xtc_threshold", "0.1", ""),
        ("min_keep", "0", "3"), ("n_probs", "0", "3"), ("t_max_predict_ms", "-1", "100"), ("penalize_nl", "false", "1"),
        ("length_penalty", "1.0", "2"), ("use_beam_search", "false", "true"), ("bad_words", "[]", "[\"a\"]"),
        ("allowed_token_ids", "[]", "[1]"), ("samplers", "[]", "[\"top_k\"]"), ("lora", "[]", "[{\"id\":0,\"scale\":1}]"),
        ("prompt_logprobs", "1", "-1"), ("logprob_token_ids", "[]", "[1]"), ("return_token_ids", "false", "true"),
        ("return_tokens_as_token_ids", "false", "true"), ("return_tokens", "false", "true"), ("return_prompt_text", "false", "true"),
        ("cache_salt", "null", "\"a\""), ("thinking_token_budget", "null", "7"), ("repetition_detection", "null", "{}"),
        ("kv_transfer_params", "null", "{}"), ("vllm_xargs", "null", "{\"a\":1}"), ("guided_whitespace_pattern", "null", "\" \""),
    ];

    private static readonly (string Field, string Taken, string Refused)[] s_chat =
    [
        ("chat_template_kwargs", "{\"a\":1}", "7"), ("add_generation_prompt", "false", "1"), ("continue_final_message", "false", "true"),
        ("parallel_tool_calls", "false", "1"), ("reasoning_effort", "\"none\"", "\"minimal\""), ("verbosity", "\"medium\"", "\"low\""),
        ("include_reasoning", "true", "false"), ("chat_template", "null", "\"{{ messages }}\""), ("documents", "[]", "[{\"text\":\"a\"}]"),
        ("add_special_tokens", "false", "true"),
    ];

    private static readonly (string Field, string Taken, string Refused)[] s_text =
    [
        ("echo", "true", "1"), ("best_of", "2", "0"), ("add_special_tokens", "false", "1"), ("suffix", "null", "\"a\""),
        ("prompt_embeds", "null", "\"a\""),
    ];

    [Fact]
    public async Task Every_field_is_taken_or_refused_by_name_on_both_routes()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        foreach ((string field, string taken, string refused) in s_both.Concat(s_chat))
        {
            await CheckAsync(server, Chat, $"\"messages\":[{Message}]", field, taken, refused);
        }

        foreach ((string field, string taken, string refused) in s_both.Concat(s_text))
        {
            await CheckAsync(server, Text, $"\"prompt\":\"{Prompt}\"", field, taken, refused);
        }
    }

    [Fact]
    public void The_table_of_the_page_names_the_fields_that_are_tried_here_and_no_others()
    {
        string page = File.ReadAllText(Path.Combine(SharedFolder.RepositoryRoot, "docs", "serve.md"));
        string section = page[page.IndexOf("## Fields of other servers", StringComparison.Ordinal)..];
        section = section[..section.IndexOf("\n## ", 4, StringComparison.Ordinal)];
        string[] named =
        [
            .. section.Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal))
                .SelectMany(line => Code().Matches(line.Split('|')[1]).Select(match => match.Groups["field"].Value)),
        ];
        Assert.Equal(named.Distinct(), named);
        Assert.Equal(
            s_both.Concat(s_chat).Concat(s_text).Select(one => one.Field).Distinct().Order(StringComparer.Ordinal),
            named.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task An_answer_has_the_fewest_tokens_that_are_asked_for_and_ends_at_the_tokens_that_are_named()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        Tokenizer tokenizer = fixture.Engine.Tokenizer;
        string free = await TextAsync(server, """ "temperature":0,"max_tokens":12 """);
        int[] prompt = tokenizer.EncodePrompt(Prompt);
        int[] answer = tokenizer.EncodePrompt(Prompt + free)[prompt.Length..];
        int stop = answer[4];
        int before = Array.IndexOf(answer, stop);
        string cut = await TextAsync(server, $""" "temperature":0,"max_tokens":12,"stop_token_ids":[{stop}] """);
        Assert.Equal(tokenizer.Decode(answer.AsSpan(0, before), isContinuation: true), cut);
        string with = await TextAsync(
            server, $""" "temperature":0,"max_tokens":12,"stop_token_ids":[{stop}],"include_stop_str_in_output":true """);
        Assert.Equal(tokenizer.Decode(answer.AsSpan(0, before + 1), isContinuation: true), with);
        Answer longer = await server.PostAsync(
            Text, $$"""{"prompt":"{{Prompt}}","temperature":0,"max_tokens":12,"min_tokens":9,"stop_token_ids":[{{stop}}]}""");
        Assert.InRange(longer.Succeeded().Json.GetProperty("usage").GetProperty("completion_tokens").GetInt32(), 9, 12);
        Assert.Equal(before + 1, (await server.PostAsync(
            Text, $$"""{"prompt":"{{Prompt}}","temperature":0,"max_tokens":12,"stop_token_ids":[{{stop}}]}""")).Json
            .GetProperty("usage").GetProperty("completion_tokens").GetInt32());
    }

    [Fact]
    public async Task A_stop_string_belongs_to_the_answer_where_that_is_asked_for_and_is_not_seen_before_the_fewest_tokens()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        string free = await TextAsync(server, """ "temperature":0,"max_tokens":12 """);
        string stop = free.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
        string asked = $" \"temperature\":0,\"max_tokens\":12,\"stop\":{JsonSerializer.Serialize(stop)}";
        int at = free.IndexOf(stop, StringComparison.Ordinal);
        Assert.Equal(free[..at], await TextAsync(server, asked));
        Assert.Equal(free[..(at + stop.Length)], await TextAsync(server, asked + ",\"include_stop_str_in_output\":true"));
        Assert.StartsWith(free[..(at + stop.Length)], await TextAsync(server, asked + ",\"min_tokens\":10"), StringComparison.Ordinal);
        List<string> events = await server.EventsAsync(
            Text, $$"""{"prompt":"{{Prompt}}",{{asked}},"include_stop_str_in_output":true,"stream":true}""");
        Assert.Equal(free[..(at + stop.Length)], string.Concat(
            events.SkipLast(1).Select(e => JsonElement.Parse(e).GetProperty("choices")[0].GetProperty("text").GetString())));
    }

    [Theory]
    [InlineData(""" "guided_regex":"^[ab]{3}-\\d\\d$" """, "^[ab]{3}-[0-9][0-9]$")]
    [InlineData(""" "guided_regex":"yes|no" """, "^(yes|no)$")]
    [InlineData(""" "guided_choice":["positive","neg\"ative"] """, "^(positive|neg\"ative)$")]
    [InlineData(""" "guided_grammar":"root ::= \"x\" [0-9]" """, "^x[0-9]$")]
    [InlineData(""" "structured_outputs":{"regex":"[ab]{3}","disable_any_whitespace":false} """, "^[ab]{3}$")]
    [InlineData(""" "structured_outputs":{"choice":["one","two"]} """, "^(one|two)$")]
    [InlineData(""" "structured_outputs":{"grammar":"root ::= \"x\""} """, "^x$")]
    [InlineData(""" "structured_outputs":{"json":{"enum":[4,5]}} """, "^[ \n]?[45]$")]
    [InlineData(""" "structured_outputs":{"json":"{\"enum\":[4,5]}"} """, "^[ \n]?[45]$")]
    [InlineData(""" "structured_outputs":{"json_object":true} """, "(?s)^[ \n]?\\{.*\\}$")]
    public async Task An_answer_is_what_it_is_held_to(string field, string expected)
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        Regex whole = new(expected, RegexOptions.CultureInvariant, TimeSpan.FromSeconds(5));
        Assert.Matches(whole, await TextAsync(server, field + ",\"seed\":5,\"max_tokens\":40"));
        Answer chat = await server.PostAsync(Chat, $$"""{"messages":[{{Message}}],"seed":5,"max_tokens":40,{{field}}}""");
        JsonElement choice = chat.Succeeded().Json.GetProperty("choices")[0];
        Assert.Matches(whole, choice.GetProperty("message").GetProperty("content").GetString());
        Assert.Equal("stop", choice.GetProperty("finish_reason").GetString());
    }

    [Theory]
    [InlineData(""" "structured_outputs":{"choice":["a"],"regex":"b"} """, "structured_outputs")]
    [InlineData(""" "structured_outputs":{"structural_tag":"x","json_object":true} """, "structured_outputs.structural_tag")]
    [InlineData(""" "structured_outputs":{"regex":"a(?=b)"} """, "structured_outputs.regex")]
    [InlineData(""" "guided_choice":["a",""] """, "guided_choice")]
    [InlineData(""" "guided_regex":"a","guided_choice":["a"] """, "guided_choice")]
    [InlineData(""" "repeat_last_n":64,"repeat_penalty":1.1 """, "repeat_last_n")]
    [InlineData(""" "penalize_nl":false,"repeat_penalty":1.1 """, "penalize_nl")]
    [InlineData(""" "n_predict":3,"max_tokens":4 """, "n_predict")]
    [InlineData(""" "min_tokens":5,"max_tokens":4 """, "min_tokens")]
    [InlineData(""" "n":2,"timings_per_token":true """, "timings_per_token")]
    [InlineData(""" "best_of":3,"n":4 """, "best_of")]
    [InlineData(""" "best_of":3,"stream":true """, "best_of")]
    [InlineData(""" "prompt_logprobs":1,"stream":true """, "prompt_logprobs")]
    [InlineData(""" "max_tokens":0 """, "max_tokens")]
    [InlineData(""" "max_tokens":0,"echo":true """, "max_tokens")]
    public async Task What_does_not_go_together_is_told(string fields, string param)
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        Answer answer = await server.PostAsync(Text, $$"""{"prompt":"Once",{{fields}}}""");
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal(param, answer.Error.GetProperty("param").GetString());
        Assert.StartsWith(param, answer.Error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_prompt_is_cut_to_the_tokens_that_are_asked_for()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        int[] tokens = fixture.Engine.Tokenizer.EncodePrompt(Prompt);
        string asked = ",\"temperature\":0,\"max_tokens\":6";
        string last = JsonSerializer.Serialize(tokens[^3..]);
        string expected = await TextOfAsync(server, $"{{\"prompt\":{last}{asked}}}");
        Assert.Equal(expected, await TextAsync(server, " \"truncate_prompt_tokens\":3" + asked));
        string first = await TextOfAsync(server, $"{{\"prompt\":{JsonSerializer.Serialize(tokens[..3])}{asked}}}");
        Assert.Equal(first, await TextAsync(server, " \"truncate_prompt_tokens\":3,\"truncation_side\":\"right\"" + asked));
        Assert.Equal(await TextAsync(server, asked[1..]), await TextAsync(server, " \"truncate_prompt_tokens\":300" + asked));

        // A prompt that is longer than the context, cut to what fits beside the answer.
        string endless = string.Concat(Enumerable.Repeat("the sea and the old ship ", 400));
        Answer fits = (await server.PostAsync(
            Text, $$"""{"prompt":"{{endless}}","truncate_prompt_tokens":-1,"max_tokens":6}""")).Succeeded();
        Assert.Equal(
            fixture.Engine.MaxSequenceTokens - 6, fits.Json.GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
        Answer chat = (await server.PostAsync(
            Chat, $$"""{"messages":[{"role":"user","content":"{{endless}}"}],"truncate_prompt_tokens":20,"max_tokens":6}""")).Succeeded();
        Assert.Equal(20, chat.Json.GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
    }

    [Fact]
    public async Task The_last_message_is_gone_on_with()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        const string Messages = $$"""
            "messages":[{{Message}},{"role":"assistant","content":"Then the old king "}],"temperature":0,"max_tokens":6
            """;
        string open = fixture.Model.Template.Render(
            [new ChatTurn("user", "What came then?"), new ChatTurn("assistant", "Then the old king @")], addGenerationPrompt: false);
        string prompt = open[..open.LastIndexOf('@')];
        string expected = await TextOfAsync(
            server, $$"""{"prompt":{{JsonSerializer.Serialize(prompt)}},"temperature":0,"max_tokens":6}""");
        Answer answer = (await server.PostAsync(
            Chat, "{" + Messages + ""","continue_final_message":true,"add_generation_prompt":false}""")).Succeeded();
        Assert.Equal(expected, answer.Json.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
        Assert.Equal(
            fixture.Engine.Tokenizer.EncodePrompt(prompt).Length, answer.Json.GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
    }

    [Fact]
    public async Task The_prompt_is_given_back_before_each_answer()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        const string Asked = """ "temperature":0,"max_tokens":5 """;
        string free = await TextAsync(server, Asked);
        Assert.Equal(Prompt + free, await TextAsync(server, Asked + ",\"echo\":true"));
        string tokens = JsonSerializer.Serialize(fixture.Engine.Tokenizer.EncodePrompt(Prompt));
        Assert.Equal(Prompt + free, await TextOfAsync(server, $"{{\"prompt\":{tokens},{Asked},\"echo\":true}}"));
        List<string> events = await server.EventsAsync(
            Text, $$"""{"prompt":["{{Prompt}}","Once"],{{Asked}},"n":2,"echo":true,"stream":true}""");
        ILookup<int, string> texts = events.SkipLast(1).Select(e => JsonElement.Parse(e).GetProperty("choices")[0])
            .ToLookup(c => c.GetProperty("index").GetInt32(), c => c.GetProperty("text").GetString()!);
        Assert.Equal([Prompt, Prompt, "Once", "Once"], Enumerable.Range(0, 4).Select(i => texts[i].First()));
        Assert.Equal(Prompt + free, string.Concat(texts[1]));
    }

    [Fact]
    public async Task An_echo_with_log_probabilities_tells_those_of_the_prompt()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        int[] first = fixture.Engine.Tokenizer.EncodePrompt(Prompt), second = fixture.Engine.Tokenizer.EncodePrompt("Once there was");

        // Several prompts in tokens and one token behind each, as evaluation harnesses ask to score texts.
        string asked = $$"""{"prompt":{{JsonSerializer.Serialize(new[] { first, second })}},"temperature":0,"logprobs":1,"echo":true""";
        Answer answer = (await server.PostAsync(Text, asked + ",\"max_tokens\":1,\"seed\":1234}")).Succeeded();
        JsonElement[] choices = [.. answer.Json.GetProperty("choices").EnumerateArray()];
        foreach ((int[] prompt, JsonElement choice) in new[] { first, second }.Zip(choices))
        {
            GenerationResult direct = await fixture.Engine.GenerateAsync(
                new GenerationRequest
                {
                    PromptTokens = prompt,
                    MaxNewTokens = 1,
                    TopPromptLogProbabilities = 1,
                    Sampling = SamplingOptions.Greedy with { TopLogProbabilities = 1 },
                },
                TestContext.Current.CancellationToken);
            JsonElement logs = choice.GetProperty("logprobs");
            JsonElement[] values = [.. logs.GetProperty("token_logprobs").EnumerateArray()];
            JsonElement[] tops = [.. logs.GetProperty("top_logprobs").EnumerateArray()];
            Assert.Equal(prompt.Length + 1, values.Length);
            Assert.Equal(JsonValueKind.Null, values[0].ValueKind);
            Assert.Equal(JsonValueKind.Null, tops[0].ValueKind);
            Assert.Equal(
                direct.PromptLogProbabilities.Concat(direct.LogProbabilities).Skip(1).Select(t => t.Chosen.LogProbability),
                values.Skip(1).Select(v => v.GetSingle()), (a, b) => Math.Abs(a - b) < 1e-3);
            Assert.All(
                tops.Zip(values).Skip(1),
                t => Assert.True(t.First.EnumerateObject().Max(o => o.Value.GetSingle()) >= t.Second.GetSingle()));
            Assert.Equal(prompt.Length + 1, logs.GetProperty("tokens").GetArrayLength());
            Assert.Equal(prompt.Length + 1, logs.GetProperty("text_offset").GetArrayLength());
        }

        // With nothing behind it, and in a stream, whose first pieces tell of the prompt.
        Answer alone = (await server.PostAsync(Text, asked + ",\"max_tokens\":0}")).Succeeded();
        Assert.Equal(0, alone.Json.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        Assert.Equal(
            [first.Length, second.Length],
            alone.Json.GetProperty("choices").EnumerateArray()
                .Select(c => c.GetProperty("logprobs").GetProperty("tokens").GetArrayLength()));
        List<string> events = await server.EventsAsync(Text, asked + ",\"max_tokens\":2,\"stream\":true}");
        ILookup<int, JsonElement> pieces = events.SkipLast(1).Select(e => JsonElement.Parse(e).GetProperty("choices")[0])
            .ToLookup(c => c.GetProperty("index").GetInt32(), c => c.GetProperty("logprobs"));
        Assert.Equal(
            [first.Length + 2, second.Length + 2],
            pieces.OrderBy(p => p.Key).Select(p =>
                p.Where(l => l.ValueKind == JsonValueKind.Object).Sum(l => l.GetProperty("tokens").GetArrayLength())));
    }

    [Theory]
    [InlineData(Text, "\"prompt\":\"Once there was a ship\"")]
    [InlineData(Chat, "\"messages\":[{\"role\":\"user\",\"content\":\"Once there was a ship\"}]")]
    public async Task Prompt_logprobs_are_objects_by_token(string route, string prompt)
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        Answer answer = (await server.PostAsync(
            route, $$"""{{{prompt}},"temperature":0,"max_tokens":1,"prompt_logprobs":2}""")).Succeeded();
        JsonElement holder = prompt.StartsWith("\"prompt", StringComparison.Ordinal) ? answer.Json.GetProperty("choices")[0] : answer.Json;
        JsonElement[] tokens = [.. holder.GetProperty("prompt_logprobs").EnumerateArray()];
        Assert.Equal(answer.Json.GetProperty("usage").GetProperty("prompt_tokens").GetInt32(), tokens.Length);
        Assert.Equal(JsonValueKind.Null, tokens[0].ValueKind);
        foreach (JsonElement token in tokens.Skip(1))
        {
            JsonProperty[] entries = [.. token.EnumerateObject()];
            Assert.InRange(entries.Length, 2, 3);
            Assert.Equal(entries.Length, entries.Select(e => e.Value.GetProperty("rank").GetInt32()).Distinct().Count());
            Assert.Contains(1, entries.Select(e => e.Value.GetProperty("rank").GetInt32()));
            foreach (JsonProperty entry in entries)
            {
                Assert.Equal(
                    fixture.Engine.Tokenizer.TokenText(int.Parse(entry.Name, CultureInfo.InvariantCulture)).Length > 0,
                    entry.Value.GetProperty("decoded_token").GetString()!.Length > 0);
            }
        }
    }

    [Fact]
    public async Task The_best_answers_are_the_most_probable_ones_of_those_that_were_generated()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        string asked = $$"""{"prompt":"{{Prompt}}","seed":3,"max_tokens":8""";
        Answer all = (await server.PostAsync(Text, asked + ",\"n\":6,\"logprobs\":0}")).Succeeded();
        string[] best =
        [
            .. all.Json.GetProperty("choices").EnumerateArray()
                .OrderByDescending(c =>
                    c.GetProperty("logprobs").GetProperty("token_logprobs").EnumerateArray().Average(l => l.GetDouble()))
                .Take(2).Select(c => c.GetProperty("text").GetString()!),
        ];
        Answer chosen = (await server.PostAsync(Text, asked + ",\"n\":2,\"best_of\":6}")).Succeeded();
        JsonElement[] choices = [.. chosen.Json.GetProperty("choices").EnumerateArray()];
        Assert.Equal(best, choices.Select(c => c.GetProperty("text").GetString()));
        Assert.Equal([0, 1], choices.Select(c => c.GetProperty("index").GetInt32()));
        Assert.All(choices, c => Assert.Equal(JsonValueKind.Null, c.GetProperty("logprobs").ValueKind));
        Assert.Equal(48, chosen.Json.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
    }

    [Fact]
    public async Task Times_and_tokens_so_far_come_with_each_piece()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        List<string> events = await server.EventsAsync(
            Text,
            $$"""
            {"prompt":"{{Prompt}}","temperature":0,"n_predict":6,"timings_per_token":true,"stream":true,
             "stream_options":{"include_usage":true,"continuous_usage_stats":true} }
            """);
        JsonElement[] pieces =
        [
            .. events.SkipLast(1).Select(e => JsonElement.Parse(e)).Where(p => p.GetProperty("choices").GetArrayLength() > 0),
        ];
        int prompt = fixture.Engine.Tokenizer.EncodePrompt(Prompt).Length;
        Assert.All(pieces, p => Assert.Equal(prompt, p.GetProperty("usage").GetProperty("prompt_tokens").GetInt32()));
        Assert.Equal(6, pieces[^1].GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        JsonElement timings = pieces[^1].GetProperty("timings");
        Assert.Equal(6, timings.GetProperty("predicted_n").GetInt32());
        Assert.Equal(prompt, timings.GetProperty("prompt_n").GetInt32() + timings.GetProperty("cache_n").GetInt32());
        Assert.True(timings.GetProperty("predicted_per_second").GetDouble() > 0);
        Assert.Equal(
            timings.GetProperty("predicted_ms").GetDouble() / 5, timings.GetProperty("predicted_per_token_ms").GetDouble(), 1e-9);
        Assert.True(pieces[0].GetProperty("timings").GetProperty("predicted_n").GetInt32() >= 1);
        JsonElement whole = (await server.PostAsync(Text, $$"""{"prompt":"{{Prompt}}","max_tokens":3,"timings_per_token":true}""")).Json;
        Assert.Equal(3, whole.GetProperty("timings").GetProperty("predicted_n").GetInt32());
    }

    [Fact]
    public async Task An_answer_that_ignores_its_end_is_as_long_as_was_asked()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        Answer answer = (await server.PostAsync(
            Chat, $$"""{"messages":[{{Message}}],"seed":1,"max_tokens":300,"ignore_eos":true}""")).Succeeded();
        Assert.Equal(300, answer.Json.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        Assert.Equal("length", answer.Json.GetProperty("choices")[0].GetProperty("finish_reason").GetString());
    }

    [Fact]
    public async Task Vectors_are_of_texts_or_tokens_and_of_as_much_as_is_asked_for()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        int[] tokens = fixture.Engine.Tokenizer.Encode("a ship on the sea");
        float[] text = await VectorAsync("\"a ship on the sea\"");
        Assert.Equal(text, await VectorAsync(JsonSerializer.Serialize(tokens)));
        Assert.Equal(text, await VectorAsync($"[{JsonSerializer.Serialize(tokens)}]"));
        Assert.Equal(
            await VectorAsync(JsonSerializer.Serialize(tokens[..2])),
            await VectorAsync("\"a ship on the sea\",\"truncate_prompt_tokens\":2"));
        Answer wrong = await server.PostAsync("/v1/embeddings", """{"input":[1,"a"]}""");
        Assert.Equal(HttpStatusCode.BadRequest, wrong.Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await server.PostAsync("/v1/embeddings", """{"input":[99999999]}""")).Status);

        async Task<float[]> VectorAsync(string input) =>
        [
            .. (await server.PostAsync("/v1/embeddings", $$"""{"input":{{input}},"user":"a"}""")).Succeeded().Json
                .GetProperty("data")[0].GetProperty("embedding").EnumerateArray().Select(value => value.GetSingle()),
        ];
    }

    private static async Task CheckAsync(
        TestServer server, string route, string asked, string field, string taken, string refused)
    {
        string limit = field is "max_tokens" or "max_completion_tokens" or "n_predict" ? "" : ",\"max_tokens\":2";
        string stream = field is "stream_options" ? ",\"stream\":true" : "";
        Answer good = await server.PostAsync(route, $"{{{asked},\"{field}\":{taken}{limit}{stream}}}");
        Assert.True(good.Status == HttpStatusCode.OK, $"{field}: {good.Text}");
        if (refused.Length > 0)
        {
            Answer bad = await server.PostAsync(route, $"{{{asked},\"{field}\":{refused}{limit}}}");
            Assert.True(bad.Status == HttpStatusCode.BadRequest, $"{field}: {bad.Text}");
            Assert.StartsWith(field, bad.Error.GetProperty("message").GetString(), StringComparison.Ordinal);
            Assert.StartsWith(field, bad.Error.GetProperty("param").GetString(), StringComparison.Ordinal);
        }
    }

    private static Task<string> TextAsync(TestServer server, string fields) =>
        TextOfAsync(server, $$"""{"prompt":"{{Prompt}}",{{fields}}}""");

    private static async Task<string> TextOfAsync(TestServer server, string body) =>
        (await server.PostAsync(Text, body)).Succeeded().Json.GetProperty("choices")[0].GetProperty("text").GetString()!;

    [GeneratedRegex("`(?<field>[^`]+)`", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Code();
}
