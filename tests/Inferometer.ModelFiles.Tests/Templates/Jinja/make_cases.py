# Writes cases.json: small templates with the text that jinja2 3.1 gives for them in the environment of transformers, or the fact that it
# fails. Run with a python3 that has jinja2 3.1: python3 make_cases.py
import json
import sys
from pathlib import Path

here = Path(__file__).resolve().parent
sys.argv = ["render.py"]
sys.stdin = open("/dev/null")
judge = {}
exec((here / "../../../../benchmarks/peer/render.py").resolve().read_text(), judge)
environment = judge["environment"]

VARIABLES = {
    "s": " Hello World ", "u": "naïve 🙂 straße", "n": 7, "f": 2.5, "t": True, "z": None, "e": "", "l": [3, 1, 2], "d": {"b": 1, "a": [1, 2], "C": None},
    "words": ["banana", "Apple", "cherry", "apple"], "html": "<a href=\"x\">'&'</a>", "lines": "one\n  two\n\nthree\n",
    "m": [{"role": "system", "content": "S", "n": 2}, {"role": "user", "content": "U", "n": 1}, {"role": "user", "content": None, "n": 3, "x": {"y": "deep"}}],
    "nested": [{"v": 1, "c": [{"v": 2, "c": []}, {"v": 3, "c": [{"v": 4, "c": []}]}]}], "items": {"items": 5, "keys": 6},
}

STATEMENTS = """
a{% if t %}b{% endif %}c
{% if n > 8 %}x{% elif n == 7 %}y{% else %}z{% endif %}
{% if z %}x{% elif e %}y{% else %}w{% endif %}
{% if e, %}tuple{% endif %}
{% for x in l %}{{ x }},{% endfor %}
{% for x in [] %}a{% else %}none{% endfor %}
{% for x in l if x > 1 %}{{ loop.index }}/{{ loop.length }}:{{ x }} {% endfor %}
{% for x in l if x > 9 %}a{% else %}none{% endfor %}
{% for x in l %}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.depth }}{{ loop.depth0 }};{% endfor %}
{% for x in l %}{{ loop.previtem }}<{{ x }}>{{ loop.nextitem }} {% endfor %}
{% for x in l %}{{ loop.cycle('odd', 'even') }} {% endfor %}
{% for x in [1,1,2,2,1] %}{{ loop.changed(x) }} {% endfor %}
{% for a, b in d|items %}{{ a }}={{ b }};{% endfor %}
{% for a, b in d.items() %}{{ a }}={{ b }};{% endfor %}
{% for k in d %}{{ k }}{% endfor %}
{% for (a, b), c in [((1, 2), 3)] %}{{ a }}{{ b }}{{ c }}{% endfor %}
{% for c in u %}[{{ c }}]{% endfor %}
{% for x in l %}{% if x == 1 %}{% continue %}{% endif %}{{ x }}{% endfor %}
{% for x in l %}{% if x == 1 %}{% break %}{% endif %}{{ x }}{% endfor %}
{% for x in l %}{% continue %}{% else %}else{% endfor %}
{% for x in l %}{% break %}{% else %}else{% endfor %}
{% for x in nested recursive %}{{ x.v }}[{{ loop(x.c) }}]{{ loop.depth }}{% endfor %}
{% for x in missing %}a{% else %}empty{% endfor %}
{% for x in z %}a{% endfor %}
{% for a, b in l %}a{% endfor %}
{% for x in 1, 2 %}{{ x }}{% endfor %}
{% for x in l %}{% for y in l %}{{ loop.index }}{% endfor %}{{ loop.index }} {% endfor %}
{% for x in l %}{{ loop|length }}{% endfor %}
{% set x = 1 %}{{ x }}
{% set x, y = 1, 2 %}{{ x }}{{ y }}
{% set x = 1, 2 %}{{ x }}
{% set x %}a{{ n }}b{% endset %}{{ x }}
{% set x | upper | replace('A', 'Z') %}a{{ n }}b{% endset %}{{ x }}
{% set x = 1 %}{% for i in l %}{% set x = i %}{{ x }}{% endfor %}{{ x }}
{% set x = 1 %}{% for i in l %}{{ x }}{% set x = i %}{{ x }};{% endfor %}
{% set x = 1 %}{% if t %}{% set x = 2 %}{% endif %}{{ x }}
{% set ns = namespace(x=1, y='a') %}{% for i in l %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x }}{{ ns.y }}{{ ns.z }}{{ ns['x'] }}
{% set ns = namespace({'a': 1}, b=2) %}{{ ns.a }}{{ ns.b }}{{ ns }}
{% set n.x = 1 %}
{% set ns.x = 1 %}
{% set ns = namespace() %}{% set ns.a, b = 1, 2 %}{{ ns.a }}{{ b }}
{% macro f(a, b=2, c=a) %}{{ a }}-{{ b }}-{{ c }};{% endmacro %}{{ f(1) }}{{ f(1, 3) }}{{ f(1, c=5) }}{{ f() }}
{% macro f(a) %}{{ a }}{% endmacro %}{{ f(1, 2) }}
{% macro f(a) %}{{ a }}{% endmacro %}{{ f(b=2) }}
{% macro f() %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ f(1, 2, x=3) }}
{% macro f(a) %}<{{ caller() }}{{ a }}>{% endmacro %}{% call f(1) %}in{% endcall %}
{% macro f(a) %}<{{ caller(a, 9) }}>{% endmacro %}{% call(x, y=1) f(5) %}in{{ x }}{{ y }}{% endcall %}
{% macro f() %}{{ caller is defined }}{% endmacro %}{{ f() }}
{% macro f(x) %}{% if x > 0 %}{{ x }}{{ f(x - 1) }}{% endif %}{% endmacro %}{{ f(3) }}
{% macro f() %}{{ x }}{% endmacro %}{% set x = 5 %}{{ f() }}
{% macro f() %}{% set x = 6 %}{{ x }}{% endmacro %}{% set x = 5 %}{{ f() }}{{ x }}
{% macro f(a, b) %}{% endmacro %}{{ f.name }}{{ f.arguments }}
{% macro f(x) %}{{ x }}{% endmacro %}{{ f('<') ~ f(2) }}{{ f('a') | upper }}
{% for x in l %}{% macro f() %}{{ x }}{% endmacro %}{{ f() }}{% endfor %}
{% call f() %}{% endcall %}
{% filter upper %}ab{{ n }}c{% endfilter %}
{% filter replace('a', 'b') | upper %}aXa{% endfilter %}
{% with a = 1, b = n %}{{ a }}{{ b }}{% endwith %}{{ a }}
{% set a = 5 %}{% with a = 1, b = a %}{{ a }}{{ b }}{% endwith %}
{% with %}{% set q = 1 %}{{ q }}{% endwith %}{{ q }}
{% generation %}x{{ n }}{% endgeneration %}y
{% set a = 1 %}{% generation %}{% set a = 2 %}{{ a }}{% endgeneration %}{{ a }}
{% block b %}x{{ n }}{% endblock %}
{% block b %}x{% endblock b %}
{% print n, s %}
{% raw %}{{ x }} {% if %}{% endraw %}
{%- raw -%}  {{ x }}  {%- endraw -%}  y
{# comment {{ x }} #}a
a {#- comment -#} b
{% if t: %}x{% endif %}
{% unknown %}
{% if t %}x
{% for x in l %}x{% endif %}
{% endfor %}
{% include 'x' %}
{% break %}
{{ x
{% if t }}x{% endif %}
{# x
{% raw %}x
{{ 'abc }}
{{ a b }}
{{ [1, 2 }}
{{ (1, 2] }}
{{ }}
{{ 1 + }}
{{ a.'b' }}
{{ $x }}
{% set 1 = 2 %}
{% set true = 2 %}
{% macro f(a=1, b) %}{% endmacro %}
{{ f(a=1, 2) }}
{{ x is y is z }}
{{ n|nofilter }}
{{ n is notest }}
""".strip("\n").split("\n")

EXPRESSIONS = r"""
1; 1.0; 1.5e3; 1e16; 1e15; 123456789012345678901234567890; 1e22; 1.0e-5; 0.0001; 0.1 + 0.2; 1_000; 0x1F; 0b101; 0o17; -0.0; 1e300 * 1e10; 100.0; 12345678.9; 5e-324
true; True; none; None; false; missing; [missing]; (1,); (); (1, 2); [1, 'a', none, true, 1.5]; {'a': 1, "b'c": 'd"e', 'f\n': '\t\x00é\u200b🙂'}
'a\nb'; 'a\tb'; "q\"q"; 'q\'q'; '\x41'; '\u00e9'; '\U0001F642'; '\101'; '\q'; 'a' 'b'; '\\'; "é"
1 + 2; 5 - 7; 2 * 3; 7 / 2; 6 / 2; 7 // 2; -7 // 2; 7 % 3; -7 % 3; 7 % -3; 2 ** 10; 2 ** -1; 2 ** 3 ** 2; -2 ** 2; 7.5 // 2; -7.5 % 2; 7.5 % -2; 0 ** 0; 2 ** 0.5; true + 1; 1.5 + 1; 10 / 4.0; -n; +n; - - n; +true
1 / 0; 1 // 0; 1 % 0; 1.0 / 0; 1 + 'a'; 'a' + 1; 'a' - 'b'; [1] + (2,); none + 1; missing + 1; 1 + missing; -missing; -'a'; 2 ** 100000; 0 ** -1
'a' + 'b'; 'ab' * 3; 3 * 'ab'; 'a' * -1; [1, 2] * 2; [1] + [2]; (1,) + (2,); 'a' ~ 1 ~ none ~ missing ~ [1]; 'x' ~ 1 + 2
1 == 1.0; true == 1; 'a' == 'a'; [1] == [1.0]; [1] == (1,); {'a': 1} == {'a': 1.0}; none == missing; missing == missing2; none == false; '1' == 1; 1 != 2; u == u
1 < 2; 1 < 2 < 3; 1 < 3 < 2; 'a' < 'b'; 'B' < 'a'; [1, 2] < [1, 3]; (1,) < (1, 0); 1 < 'a'; none < 1; 2.5 > 2; missing < 1; '🙂' > '\uffff'; true < 2
1 in [1, 2]; 1.0 in [1]; 'a' in 'abc'; 'a' not in 'abc'; 'b' in d; 1 in 'abc'; 'x' in none; 'a' in missing; 2 in range(3); 'z' in d.keys(); 1 in d.values(); not 1 in [1]; none in [none]; 'a' in 'abc' in ['abc']
t and n; e or 'x'; z or e or 0; t and e; not e; not t; not not n; 1 and 2 or 3; t or 1 / 0; 1 if t; 1 if e; 1 if e else 2; (1 if e) is defined; 'a' if t else 'b' if e else 'c'
s.upper(); s.strip(); s['strip'](); s.missing; s[1]; s[-2]; s[99]; u[6]; u[6:9]; u|length; s[1:4]; s[::-1]; s[:-1]; s[::2]; s[5:1:-2]; s[-100:100]; u[::-1]; s[1:none]; s['a':]; s[::0]
l[0]; l[-1]; l[9]; l[1:]; l[::-1]; l[:2]; l[-2:]; l['a']; l.0; l.append(4); l.append; l.index(1); l.index(9); l.count(1); l[true]; l[1.0]; (1, 2, 3)[1:]; l[5:2]; l[none]
d.b; d['b']; d.a[1]; d.missing; d.missing.x; d['x']['y']; d.get('b'); d.get('x'); d.get('x', 5); d.keys(); d.values(); d.items(); d.keys() | list; d.update({}); d.pop('a'); d.copy(); items.items; items['items']; items.keys is callable; d.C; d.C.x; d.C['x']; n.x; z.x; d[[1]]; {1: 2}[1]; {1: 2}[true]; {(1, 2): 3}[(1, 2)]; {[1]: 2}
missing.x; missing['x']; missing(); n(); s(); z(); none.x; f(); s.upper; [].x
range(3) | list; range(1, 4) | list; range(5, 0, -2) | list; range(3); range(1, 9, 3); range(0); range(3)[1]; range(3)[1:] | list; range(1000000); range(1, 2, 0); range(); range('a'); range(3) == range(0, 3); range(4) | length; range(2) | tojson
dict(a=1, b=2); dict({'a': 1}, b=2); dict([('a', 1)]); cycler(1, 2).next(); cycler(1, 2).current; joiner('-'); namespace(a=1).a; raise_exception('no')
""".strip("\n")

FILTERS = r"""
s|upper; s|lower; s|trim; s|trim(' H'); s|capitalize; s|title; 'foo bar-baz (qux) [a {b <c'|title; "they're bill's"|title; u|upper; u|title; u|capitalize; n|upper; z|upper; missing|upper; missing|trim; missing|capitalize; missing|title; [1]|upper; true|lower; 'ΑΣ'|lower; 'İ'|lower|length
s|length; l|length; d|length; z|length; n|length; missing|length; u|count; d.items()|length; l|map('string')|length
l|first; l|last; []|first; []|last; s|trim|first; s|trim|last; d|first; d|last; z|first; missing|first; missing|last; l|map('string')|last; range(3)|last; []|first is defined
l|join; l|join(','); l|join(d=', '); m|join('|', attribute='role'); []|join(','); missing|join(','); z|join; ['a', none, 1.0, true]|join(' '); d|join('-'); u|join('.'); l|join(1); n|join
l|sort; words|sort; words|sort(case_sensitive=true); words|sort(reverse=true); m|sort(attribute='n')|map(attribute='n')|list; m|sort(attribute='role,n')|map(attribute='n')|list; [1, 'a']|sort; [2.5, 1, true]|sort; []|sort; missing|sort; [none, 1]|sort; ['b', 'B', 'a']|sort; [[2, 1], [1, 9]]|sort; 'hello'|sort
d|dictsort; d|dictsort(true); {'a': 2, 'b': 1}|dictsort(by='value'); {'a': 2, 'b': 1}|dictsort(false, 'value', true); {'a': 1, 'B': 2, 'c': 3}|dictsort(reverse=true); d|dictsort(by='x'); l|dictsort; {'x': 1, 2: 3}|dictsort
l|reverse|list; s|reverse; u|reverse; d|reverse|list; n|reverse; l|reverse; missing|reverse|list; (1, 2)|reverse|list
words|unique|list; words|unique(true)|list; m|unique(attribute='role')|map(attribute='n')|list; [1, 1.0, true, '1']|unique|list; [[1]]|unique|list; words|unique|length
l|min; l|max; words|min; words|max; words|max(case_sensitive=true); m|max(attribute='n')|items|list; []|min; []|max; [1, 'a']|min; missing|max
l|sum; m|sum(attribute='n'); l|sum(start=10); []|sum; [0.1, 0.2]|sum; ['a']|sum; [[1], [2]]|sum(start=[]); m|sum('n', 1)
l|map('string')|list; m|map(attribute='role')|join(','); m|map(attribute='x.y')|list; m|map(attribute='x.y', default='-')|list; m|map(attribute='zz', default=none)|list; words|map('upper')|list; words|map('replace', 'a', 'X')|list; l|map; z|map('upper')|list; [[1, 2], [3]]|map('first')|list; [[1, 2], [3, 4]]|map(attribute=1)|list; [[1, 2]]|map(attribute='0')|list; words|map('nofilter')|list; l|map('round', 1)|list; l|map(x=1)|list; l|map('string') is iterable; l|map('string') is sequence
l|select|list; l|select('odd')|list; l|select('>', 1)|list; l|select('in', [1, 2])|list; [0, 1, '', none, 'a']|select|list; [0, 1]|reject|list; l|reject('odd')|list; m|selectattr('role', 'equalto', 'user')|map(attribute='n')|list; m|selectattr('content')|map(attribute='n')|list; m|selectattr('content', 'none')|list|length; m|selectattr('x', 'defined')|list|length; m|rejectattr('role', '==', 'user')|list|length; m|rejectattr('x.y', 'defined')|list|length; m|selectattr|list; l|select('nope')|list; z|select|list; n|select|list; m|selectattr('n', 'gt', 1)|map(attribute='n')|list; m|selectattr('role', 'in', ['system'])|list|length; l|select('divisibleby', 2)|list
m|groupby('role'); m|groupby('role')|map('first')|list; (m|groupby('role'))[0].grouper; (m|groupby('role'))[1].list|length; m|groupby('zz', default='none')|map(attribute=0)|list; [{'c': 'CA'}, {'c': 'ny'}, {'c': 'ca'}]|groupby('c')|map(attribute='grouper')|list; [{'c': 'CA'}, {'c': 'ca'}]|groupby('c', case_sensitive=true)|length
l|batch(2)|list; l|batch(2, 'x')|list; range(7)|batch(3)|map('list')|list; l|slice(2)|list; l|slice(2, 'x')|list; range(7)|slice(3)|list; l|slice(0)|list; l|batch(0)|list; l|slice(5)|list
missing|default('x'); z|default('x'); e|default('x'); e|default('x', true); z|d('x', boolean=true); missing|d; d.zz|default(5); missing.x|default('x'); 0|default(3, true); t|default('x', true)
s|replace('l', 'L'); s|replace('l', 'L', 1); s|replace('l', ''); 'abc'|replace('', '-'); 'abc'|replace('', '-', 2); n|replace(7, 8); missing|replace('a', 'b'); s|replace('l'); 'aaa'|replace('aa', 'b'); 'a\nb'|replace('\n', '\\n'); '🙂a'|replace('', '-')
lines|indent; lines|indent(2); lines|indent(2, true); lines|indent(2, first=true, blank=true); lines|indent('> '); 'a'|indent; ''|indent(first=true); n|indent; missing|indent; 'a\n'|indent; 'a\r\nb\u2028c'|indent(1)
'foo bar baz qux'|truncate(9); 'foo bar baz qux'|truncate(9, true); 'foo bar baz qux'|truncate(11); 'foo bar baz qux'|truncate(11, false, '...', 0); 'abc'|truncate(1); 'foobarbazqux'|truncate(6, end='!'); 'foo bar baz qux'|truncate(5, leeway=0, end='')
'x'|center(5); 'xy'|center(5); 'x'|center(4); 'abc'|center(2); '%s-%d'|format('a', 3); '%(x)s'|format(x=1); '%s'|format(1, 2); '%s %s'|format(1); 'a b  c-d'|wordcount; 'é ü'|wordcount
'1'|int; '1.9'|int; 1.9|int; -1.9|int; 'x'|int; 'x'|int(5); z|int; true|int; '0x1F'|int(0, 16); '1F'|int(base=16); '0b11'|int(base=2); ' 12 '|int; '1_000'|int; '1e3'|int; [1]|int; missing|int; ''|int; '-5'|int; '+5'|int; '12abc'|int; 1e20|int; '٣'|int
'1'|float; '1.5'|float; 'x'|float; 'x'|float(2.5); z|float; true|float; '1e3'|float; 'inf'|float; 'nan'|float; missing|float; [1]|float; '  2.5 '|float; '-.5'|float; '5.'|float; '1_0.5'|float
2.5|round; 3.5|round; -2.5|round; 2.567|round(2); 2.675|round(2); 0.125|round(2); 2.1|round(method='ceil'); 2.9|round(method='floor'); 2.567|round(2, 'ceil'); 42|round; 1234|round(-2); 1250|round(-2); 1350|round(-2); 1234.5|round(-2); 'a'|round; 2.5|round|int; 42.55|round(1, 'floor'); 2.5|round(method='x'); true|round; 7|round(1, 'floor')
-5|abs; -2.5|abs; true|abs; 'a'|abs; missing|abs; (-5)|abs
s|string; 1|string; none|string; [1]|string; 1.0|string; missing|string; l|list; 'abc'|list; d|list; missing|list; z|list; n|list; d|items|list; missing|items|list; l|items; z|items; d.items()|list; range(3)|list; (1, 2)|list
html|e; html|escape; html|safe; html|e|e; html|forceescape; html|safe|e; html|e ~ '<'; (html|safe) + '<'; '<' + ('<'|safe); n|e; z|e; missing|e; (('<'|safe) ~ '<')|e; '<'|e|upper; ('<'|e) * 2; ('<'|e) is escaped; ['<'|safe]
html|tojson; d|tojson; u|tojson; u|tojson(ensure_ascii=true); l|tojson; m|tojson; d|tojson(indent=2); d|tojson(indent=0); d|tojson(indent='--'); []|tojson(indent=2); {}|tojson(indent=2); d|tojson(sort_keys=true); d|tojson(separators=(',', ':')); d|tojson(indent=1, separators=(' ,', '= ')); missing|tojson; [missing]|tojson; z|tojson; true|tojson; 1.0|tojson; 1e16|tojson; ('inf'|float)|tojson; ('nan'|float)|tojson; 'a\x00\x1f\x7f\u2028/\\"'|tojson; {1: 2, none: 3, true: 4, 1.5: 5}|tojson; {(1, 2): 3}|tojson; (1, 2)|tojson; range(3)|tojson; d.items()|tojson; l|map('string')|tojson; namespace(a=1)|tojson; nested|tojson(indent=2); {'b': 1, 'a': 2, 1: 3}|tojson(sort_keys=true); d|tojson(true); [[], {}]|tojson(indent=2); 'x'|tojson(indent=4); raise_exception|tojson
'a b&c/d?é'|urlencode; {'a b': 'c/d', 'e': 1}|urlencode; [('a', 'b')]|urlencode; 5|urlencode
s|attr('upper') is callable; d|attr('b'); namespace(a=1)|attr('a'); d|attr('items') is callable
'a'|upper|lower|replace('a', 'b')|trim; 1 + 2|string; -1|abs; ('a' ~ 'b')|upper; 'a' ~ 'b'|upper; not e|upper; 'x'|default('y') == 'x'; l|join(',')|upper; s|trim|length > 3; l | length - 1
s|upper(); s|upper(1); s|trim(1); l|join(',', 'a', 'b'); s|replace(old='l', new='r'); s|default(default_value='x'); l|first(1); s|length(2)
"""

TESTS = r"""
n is defined; missing is defined; missing is not defined; missing is undefined; d.x is defined; d.b is defined; z is none; z is not none; n is none; not n is none; missing is none
t is boolean; n is boolean; t is true; n is true; 1 is true; false is false; t is number; n is number; f is number; s is number; n is integer; t is integer; f is integer; f is float; n is float
s is string; n is string; missing is string; (html|safe) is string; d is mapping; l is mapping; namespace() is mapping; missing is mapping
l is sequence; s is sequence; d is sequence; (1,) is sequence; n is sequence; missing is sequence; d.items() is sequence; range(2) is sequence; z is sequence
l is iterable; s is iterable; d is iterable; n is iterable; missing is iterable; z is iterable; d.items() is iterable; range(2) is iterable
range is callable; n is callable; s.upper is callable; missing is callable; namespace is callable
n is odd; n is even; 4 is even; 4 is not even; n is divisibleby 7; n is divisibleby(2); s is odd; missing is odd; 2.0 is even; true is odd; n is divisibleby(0)
n is eq 7; n is equalto 7; n == 7 is true; n is ne 7; n is lt 8; n is lessthan(8); n is le 7; n is gt 6; n is greaterthan 8; n is ge 8; n is sameas 7; z is sameas none; t is sameas true; 1 is sameas true; l is sameas l; [] is sameas []
1 is in [1, 2]; 'a' is in 'abc'; 1 is not in [1]; 'b' is in d; 1 is in none; n is in(l)
'abc' is lower; 'aBc' is lower; 'ABC' is upper; '' is upper; '1' is lower; 5 is lower; '<' is escaped; 'upper' is filter; 'nope' is filter; 'odd' is test; 'nope' is test
n is defined and n is odd; n is defined and missing is defined or t; 'a' if n is odd else 'b'; n is odd == true; [n is odd, n is even]; n is not odd; not n is odd; n|string is string; n + 1 is even; (n + 1) is even; n is divisibleby 7 and t; s is string and 'x' or 'y'; s is not string or l is string
n is defined(1); n is eq; n is sameas
"""

METHODS = r"""
s.strip(); s.lstrip(); s.rstrip(); s.strip(' Hd'); 'xxabcxx'.strip('x'); 'xxabcxx'.lstrip('x'); 'xxabcxx'.rstrip('x'); 'abc'.strip(''); 'abc'.strip(none); '\u00a0\u2003a\x1f\x85'.strip(); '\u200ba'.strip() | length; '🙂a🙂'.strip('🙂'); 'a'.strip(1); '\n\n a \n'.strip('\n'); 'a'.strip('x', 'y')
'a b  c'.split(); 'a b  c'.split(' '); 'a,b,c'.split(','); 'a,b,c'.split(',', 1); 'a,b,c'.split(',', -1); 'a,b,c'.rsplit(',', 1); ' a b '.split(none, 1); '  a b  c '.split(none, 1); '  a b  c '.rsplit(none, 1); 'a b c'.split(maxsplit=1); 'a b c'.split(sep=' '); ''.split(); ''.split(','); 'abc'.split(''); 'abc'.split(1); 'a</think>b</think>c'.split('</think>')[-1]; 'aXbX'.split('X'); 'a,b'.split(',', 0); ' a '.split(none, 0); 'a b c'.rsplit(); 'a\x1fb\u3000c'.split()
'abc'.startswith('a'); 'abc'.startswith(('x', 'a')); 'abc'.startswith('b', 1); 'abc'.startswith(''); 'abc'.endswith('c'); 'abc'.endswith(('x', 'bc')); 'abc'.endswith('b', 0, 2); 'abc'.startswith(1); 'abc'.startswith(['a']); 'abc'.startswith('', 5); 'abc'.endswith('c', -1); 'abc'.startswith(())
'abcb'.find('b'); 'abcb'.rfind('b'); 'abc'.find('x'); 'abc'.index('c'); 'abc'.index('x'); 'abc'.rindex('x'); 'abcb'.count('b'); 'aaa'.count('aa'); 'abc'.count(''); 'abcb'.find('b', 2); 'abcb'.find('b', 0, 1); '🙂b'.find('b'); 'abcb'.count('b', 2); 'abc'.find(''); 'abc'.rfind(''); 'abc'.find('', 9); 'abcabc'.rfind('a', 1, -1); 'abcabc'.index('a', 1)
'abab'.replace('a', 'x'); 'abab'.replace('a', 'x', 1); 'abab'.replace('a', ''); 'ab'.replace('', '-'); 'ab'.replace('', '-', 1); 'ab'.replace('a'); 'ab'.replace(1, 2); 'abab'.replace('b', 'yy', 0); 'abab'.replace('a', 'x', -1)
'aBc'.upper(); 'aBc'.lower(); 'hello world'.capitalize(); "they're here".title(); 'aBc'.swapcase(); 'straße'.upper(); 'ŉﬁ'.upper(); 'ß'.title(); 'ﬁx'.capitalize(); 'ΟΔΟΣ'.lower(); 'Straße'.casefold(); 'a1b'.title(); 'ǆ'.upper(); 'i'.upper()
','.join(['a', 'b']); ''.join([]); ','.join('abc'); ','.join([1]); ','.join(d); ','.join(z); ','.join(l|map('string'))
'abc'.removeprefix('a'); 'abc'.removeprefix('x'); 'abc'.removesuffix('bc'); 'abc'.removesuffix(''); 'a,b,c'.partition(','); 'abc'.partition(','); 'a,b,c'.rpartition(','); 'abc'.rpartition(','); 'abc'.partition('')
'ab'.center(5); 'ab'.center(6, '*'); 'a'.center(4); 'ab'.ljust(4, '.'); 'ab'.rjust(4); '5'.zfill(3); '-5'.zfill(4); '+5'.zfill(4); 'abc'.zfill(2); 'ab'.center(5, 'xy'); 'a\tb'.expandtabs(); 'a\tb'.expandtabs(4)
lines.splitlines(); lines.splitlines(true); 'a\r\nb\rc\x0bd\x1ee\u2028f'.splitlines(); ''.splitlines(); 'a\n'.splitlines(keepends=true)
'abc'.isalpha(); 'ab1'.isalpha(); 'ab1'.isalnum(); '12'.isdigit(); '²'.isdigit(); '²'.isdecimal(); '½'.isnumeric(); '12'.isdecimal(); ' \n'.isspace(); ''.isspace(); 'abc'.islower(); 'ABC'.isupper(); 'A1'.isupper(); '1'.isupper(); 'Hello World'.istitle(); 'Hello world'.istitle(); 'a1'.isidentifier(); '1a'.isidentifier(); 'abc'.isascii(); 'é'.isascii(); 'a\n'.isprintable(); 'é'.isalpha(); ''.isascii(); ''.isalpha()
'{} {}'.format(1, 'a'); '{1} {0}'.format(1, 2); '{a} {b.x} {c[0]} {d[k]}'.format(a=1, b={'x': 2}, c=[3], d={'k': 4}); '{{}}'.format(); '{:5}|{:<5}|{:>5}|{:^5}|'.format('ab', 1, 'ab', 'ab'); '{:05d} {:+d} {:x} {:#x} {:b} {:o} {:,}'.format(42, 42, 255, 255, 5, 8, 1234567); '{:.2f} {:8.3f} {:e} {:g} {:%} {:.1%}'.format(3.14159, 3.14159, 12345.678, 0.0001, 0.25, 0.125); '{!r} {!s}'.format('a', 'b'); '{:*^7}'.format('ab'); '{:.2}'.format('abcdef'); '{} {}'.format(1); '{x}'.format(); '{:d}'.format('a'); '{'.format(); '}'.format(); '{:{w}}'.format('a', w=5); '{} {}'.format(none, [1, 'a']); '{:>{}}'.format('a', 4); '{0.upper}'.format('a') is string; '{a}'.format_map({'a': 1}); '{:.3}'.format(2.0); '{:10}|'.format(2.5); '{:g}'.format(100000.0); '{:g}'.format(1000000.0); '{:_}'.format(1234567); '{:05.1f}'.format(-2.55); '{:n}'.format(5)
'%s' % 'a'; '%s %s' % (1, 'b'); '%d' % 3.7; '%5d|%-5d|%05d|%+d' % (42, 42, 42, 42); '%.2f' % 2.675; '%x %X %o' % (255, 255, 8); '%r' % 'a'; '%%' % (); '%s' % [1]; '%s' % (1, 2); '%s %s' % 1; '%d' % 'a'; '%(a)s' % {'a': 1}; '%5s|%-5s|' % ('a', 'b'); '%c' % 65; '%e' % 12345.678; '%.3s' % 'abcdef'; '%s' % z; 'abc' % (); '%g' % 0.00001; '%i' % 5; '%q' % 1
s.encode; s.format; s.__class__; s.__class__.__mro__; l.__len__; d._x; s._y; s.isx
"""

WHITESPACE = [
    "a\n{% if t %}\nb\n{% endif %}\nc", "a\n  {% if t %}\n  b\n  {% endif %}\nc\n", "a  {%- if t -%}  b  {%- endif -%}  c", "a\n\n{%- if t %}\n\nb{% endif %}", "  {{ n }}  \n  {{- n -}}  \n x",
    "  {%+ if t %}x{% endif %}", "{% if t +%}\nx{% endif %}\n\n", "x {% if t %} y {% endif %} z", "\n\n{{ n }}\n\n", "a\n", "a\n\n", "a\r\nb\rc\n", "{# c #}\nx", "  {# c #}\n  x", "  {#- c -#}\n  x", "{#+ c +#}\nx",
    "{% raw %}\n  a {{ b }}\n{% endraw %}\nx", "{%- raw %} a {% endraw -%} \n x", "  {% raw %}a{% endraw %}", "a {{ '{{' }} {{ '}}' }} {{ '{%' }}", "{{ {'a': {'b': 1}} }}", "{{ {'a': {'b': 1}}['a']['b'] }}",
    "{% for x in l %}\n  {{ x }}\n{% endfor %}\nend", "{% for x in l -%}\n  {{ x }}\n{%- endfor %}\nend", "{%- set x = 1 -%}\n\n{{ x }}", "\t {% set x = 1 %}\n\t{{ x }}", "a{% set x = 1 %}\nb", "{%set x=1%}{{x}}", "{%-set x=1-%} {{-x-}} ",
    "{{ n }}{% if t %}{% endif %}\n\nx", "a { b } c {", "{{ 1 }}\n{{ 2 }}\n", "{% if t %}{% endif %}  \n x", "{{ n -}}\n\n x {{- n }}", "\u00a0{% if t %}x{% endif %}", "a\n\u3000{% if t %}x{% endif %}", "\x1f\n \x0b{%- if t %}x{% endif %}",
    "{% if t %}\n\n{% endif %}\n\nx", "{#\nline\n#}\n\nx", "{{ \"a\nb\" }}", "{{ n\n}}\nx", "{%\nif t\n%}x{% endif %}", "{{'a'}}{{\"b\"}}", "{#-#}x#}y", "{##}x",
]


def expressions(block):
    parts = []
    for line in block.strip("\n").split("\n"):
        parts += [p.strip() for p in line.split("; ") if p.strip()]
    return parts


cases = []


def add(group, template, name=None):
    try:
        result = {"expected": environment.from_string(template).render(**VARIABLES)}
        # What Python prints of functions and objects holds addresses.
        if " at 0x" in result["expected"] or "<function" in result["expected"] or "method" in result["expected"]:
            return
    except Exception as error:
        result = {"error": f"{type(error).__name__}: {error}"}
    cases.append({"group": group, "template": template, **result})


for group, block in (("expressions", EXPRESSIONS), ("filters", FILTERS), ("tests", TESTS), ("methods", METHODS)):
    for expression in expressions(block):
        add(group, "{{ " + expression + " }}")
for template in STATEMENTS:
    add("statements", template)
for template in WHITESPACE:
    add("white space", template)

with open(here / "cases.json", "w", encoding="utf-8") as file:
    file.write('{\n"variables": ' + json.dumps(VARIABLES, ensure_ascii=False) + ',\n"cases": [\n')
    file.write(",\n".join(json.dumps(case, ensure_ascii=True) for case in cases))
    file.write("\n]\n}\n")
print(len(cases), "cases,", sum("error" in case for case in cases), "of them fail")
