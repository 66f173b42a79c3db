# Writes golden.json: chat templates of published models (those under Apache-2.0 or MIT) and what jinja2 3.1 renders with them.
#   python3 make_golden.py FOLDER     the folder models/templates of llama.cpp, which benchmarks/peer/templates.mjs unpacks
import datetime
import json
import sys
from pathlib import Path

here = Path(__file__).resolve().parent
folder = Path(sys.argv[1])
sys.stdin = open("/dev/null")
judge = {}
exec((here / "../../../benchmarks/peer/render.py").resolve().read_text(), judge)
environment = judge["environment"]
NOW = "2025-06-01T12:30:00"
environment.globals["strftime_now"] = lambda form: datetime.datetime.fromisoformat(NOW).strftime(form)

MODELS = [
    "Qwen-Qwen2.5-7B-Instruct", "Qwen-Qwen3-0.6B", "microsoft-Phi-3.5-mini-instruct", "mistralai-Mistral-Nemo-Instruct-2407",
    "HuggingFaceTB-SmolLM3-3B", "ibm-granite-granite-3.3-2B-Instruct", "deepseek-ai-DeepSeek-V3.1", "GLM-4.6", "openai-gpt-oss-120b",
]
WEATHER = {"type": "function", "function": {"name": "get_weather", "description": "The weather at a place", "parameters": {
    "type": "object", "properties": {"city": {"type": "string", "description": "A city’s name"}}, "required": ["city"]}}}
CALL = {"id": "abc123def", "type": "function", "function": {"name": "get_weather", "arguments": {"city": "Rome"}}}
CONVERSATIONS = {
    "question": {"messages": [{"role": "user", "content": "Hi"}]},
    "turns": {"messages": [
        {"role": "system", "content": "Be brief."}, {"role": "user", "content": " Hi\n"},
        {"role": "assistant", "content": "<think>\nhm\n</think>\n\nHello!"}, {"role": "user", "content": "Bye 🙂"}]},
    "tools": {"tools": [WEATHER], "messages": [
        {"role": "user", "content": "Weather?"}, {"role": "assistant", "content": "", "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "abc123def", "name": "get_weather", "content": "{\"t\": 21.5}"}]},
    "quick": {"messages": [{"role": "user", "content": "Hi"}], "variables": {"enable_thinking": False, "thinking": False, "reasoning_effort": "low"}},
}
golden = []
for model in MODELS:
    source = (folder / f"{model}.jinja").read_text(encoding="utf-8")
    texts = {}
    for name, one in CONVERSATIONS.items():
        try:
            texts[name] = environment.from_string(source).render(
                messages=one["messages"], tools=one.get("tools"), documents=None, add_generation_prompt=True,
                bos_token="<s>", eos_token="</s>", **one.get("variables", {}))
        except Exception:
            texts[name] = None
    golden.append({"model": model, "template": source, "texts": texts})
with open(here / "golden.json", "w", encoding="utf-8") as file:
    json.dump({"now": NOW, "conversations": CONVERSATIONS, "models": golden}, file, ensure_ascii=False, indent=1)
    file.write("\n")
print({g["model"]: [k for k, v in g["texts"].items() if v is None] for g in golden})
