#!/usr/bin/env bash
# @huggingface/ollama-utils 0.0.18, which turns the chat template of a GGUF file on Hugging Face's hub into the Go template that Ollama
# uses. Before it converts anything it looks for a known model: the first of its table whose Jinja begins with the same 128 characters, else
# the first whose Go template has the same set of control tokens. Neither says that the two models talk alike.
# 1. Of the 97 templates in its own table, 30 are not found as themselves but as another model's, 24 of them with another Go template: Llama
#    3's gets the <|im_start|> of a fine-tune, Llama 2's that of DBRX, Mixtral's the <|start_of_role|> of Granite, which their own do not
#    have.
# 2. The plainest template for Llama 3 with <|begin_of_text|> written out has the tokens of Llama Guard 3: the model is asked whether the
#    conversation is "unsafe", at temperature 0. One that writes "[INST] text [/INST]" gets Devstral's: no blanks, [SYSTEM_PROMPT], no
#    stops.
# 3. Where it does convert, what the template adds for the answer to begin with is lost: a model that opens with <think> is not told to.
# The prompt is another one than the file's own template makes, in words and in tokens, and so is what is measured with it.
#
# Expected: a template of the table finds itself, and one that is not in it is converted with all that it writes ("Most templates will be
# converted automatically"), or refused. Seen: below.
#
# What follows for us: the engine renders the file's own Jinja (ModelFiles/Templates/Jinja) and takes no template for another by its
# beginning or its tokens; where Ollama runs a file of the hub, its prompts need not be ours, and their lengths are no measure of a
# tokenizer.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund @huggingface/ollama-utils@0.0.18 @huggingface/jinja@0.5.11
cat > templates.mjs <<'JS'
import { readFileSync } from 'node:fs';
import { Template } from '@huggingface/jinja';
import { convertGGUFTemplateToOllama } from '@huggingface/ollama-utils';

// The package's table, which it carries as source and does not export.
const source = readFileSync('node_modules/@huggingface/ollama-utils/src/chat-template-automap.ts', 'utf8');
const script = source.replace(/^import type .*$/m, '').replace('MAPPING: OllamaChatTemplateMapEntry[] =', 'MAPPING =');
const { OLLAMA_CHAT_TEMPLATE_MAPPING: table } = await import(`data:text/javascript,${encodeURIComponent(script)}`);
const tokens = (text) => [...new Set(text.match(/<\|[a-z_]+\|>|\[[A-Z_]+\]/g) ?? [])].slice(0, 3).join(' ') || 'none';
const found = table.map((entry) => [entry, convertGGUFTemplateToOllama({ chat_template: entry.gguf })]);
const others = found.filter(([entry, other]) => other.model !== entry.model);
const wrong = others.filter(([entry, other]) => other.ollama.template !== entry.ollama.template);
console.log(`of ${table.length} templates ${others.length} are found as another model's, ${wrong.length} with another Go template`);
for (const [entry, other] of wrong.filter(([{ model }]) => /llama2:7b|llama3:8b|mixtral:8x7b/.test(model))) {
  console.log(`${entry.model} is taken for ${other.model}\n  Jinja ${tokens(entry.gguf)}\n  Go ${tokens(other.ollama.template)}`);
}

const header = "'<|start_header_id|>' + m.role + '<|end_header_id|>\\n\\n' + m.content + '<|eot_id|>'";
const turn = "'<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n'";
const plain = {
  headers: `{{ '<|begin_of_text|>' }}{% for m in messages %}{{ ${header} }}{% endfor %}`
    + `{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}`,
  instructions: `{{ bos_token }}{% for m in messages %}{% if m.role == 'assistant' %}{{ m.content + eos_token }}`
    + `{% else %}{{ '[INST] ' + m.content + ' [/INST]' }}{% endif %}{% endfor %}`,
  thoughts: `{% for m in messages %}{{ ${turn} }}{% endfor %}`
    + `{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n<think>\\n' }}{% endif %}`,
};
const marks = [/Task: [^']*(?= in)/, /\[SYSTEM_PROMPT\]/, /\[INST\].*\[\/INST\]/, /<\|im_start\|>assistant.*?}}/s];
for (const [name, jinja] of Object.entries(plain)) {
  const values = { bos_token: '<s>', eos_token: '</s>' };
  const { model, ollama } = convertGGUFTemplateToOllama({ chat_template: jinja, ...values });
  const prompt = new Template(jinja).render({ messages: [{ role: 'user', content: 'Hi' }], add_generation_prompt: true, ...values });
  console.log(`${name}: ${JSON.stringify(prompt)}`);
  const parts = marks.flatMap((mark) => ollama.template.match(mark) ?? []);
  console.log(`  ${model} ${JSON.stringify(ollama.params ?? {})}, in Go ${JSON.stringify(parts)}`);
}
JS
seen=$(node templates.mjs)
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<'SEEN'
of 97 templates 30 are found as another model's, 24 with another Go template
library/llama2:7b is taken for library/dbrx:132b
  Jinja [INST]
  Go <|im_start|> <|im_end|>
library/llama3:8b is taken for library/dolphin-llama3:8b
  Jinja <|start_header_id|> <|end_header_id|> <|eot_id|>
  Go <|im_start|> <|im_end|>
library/mixtral:8x7b is taken for library/granite3.1-moe:1b
  Jinja [INST]
  Go <|start_of_role|> <|end_of_role|> <|end_of_text|>
headers: "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"
  library/llama-guard3:8b {"temperature":0}, in Go ["Task: Check if there is unsafe content"]
instructions: "<s>[INST] Hi [/INST]"
  library/devstral:latest {}, in Go ["[SYSTEM_PROMPT]","[INST]{{ .Content }}[/INST]"]
thoughts: "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n<think>\n"
  auto-conversion {"stop":["<|im_start|>","<|im_end|>","<|im_start|>user"]}, in Go ["<|im_start|>assistant\n{{ .Response }}"]
SEEN
