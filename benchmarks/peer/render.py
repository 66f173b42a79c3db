# The judge of templates.mjs: jinja2 in the environment that transformers sets up for chat templates. Same lines in and out as render.cs.
import datetime
import json
import sys

import jinja2
import jinja2.ext
from jinja2 import nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment


class Generation(jinja2.ext.Extension):
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return nodes.CallBlock(self.call_method("_text"), [], [], body).set_lineno(line)

    def _text(self, caller):
        return caller()


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


environment = ImmutableSandboxedEnvironment(
    trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols])
environment.filters["tojson"] = tojson
environment.globals["raise_exception"] = raise_exception
parsed = {}

for line in sys.stdin:
    job = json.loads(line)
    now = datetime.datetime.fromisoformat(job["now"])
    environment.globals["strftime_now"] = lambda form: now.strftime(form)
    try:
        source = job["template"]
        if source not in parsed:
            parsed[source] = environment.from_string(source)
        text = parsed[source].render(
            messages=job["messages"], tools=job.get("tools"), documents=job.get("documents"),
            add_generation_prompt=job.get("add_generation_prompt") is True, **(job.get("variables") or {}))
        answer = {"text": text}
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer, ensure_ascii=True))
