// Conversations for templates.mjs: written ones, and random ones out of the pieces that templates stumble over.

const user = content => ({ role: 'user', content });
const assistant = (content, more = {}) => ({ role: 'assistant', content, ...more });
const system = content => ({ role: 'system', content });
const tool = (name, description, properties, required) => ({ type: 'function', function: { name, description, parameters: { type: 'object', properties, required } } });
const tools = [
  tool('get_weather', 'The weather at a place, "now" & later\nin <b>degrees</b>', {
    city: { type: 'string', description: 'A city’s name' },
    unit: { type: 'string', enum: ['celsius', 'fahrenheit'], default: 'celsius' },
    days: { type: 'array', items: { type: 'integer' } },
  }, ['city']),
  tool('add', 'Adds', { a: { type: 'number' }, b: { type: ['number', 'null'] }, flag: { type: 'boolean' }, more: { type: 'object', properties: { x: { type: 'string' } } } }, ['a', 'b']),
];
const call = (id, name, args) => ({ id, type: 'function', function: { name, arguments: args } });
const think = '<think>\nFirst this.\n\nThen that.\n</think>\n\nSo: yes.';
export const cases = {
  user: { messages: [user('Hi')] },
  system: { messages: [system('Be brief.'), user('Hi')] },
  turns: { messages: [system(' Be brief.\n'), user('  Hi \n'), assistant(' Hello! '), user('Who is "Ann" & <Bob>?'), assistant('é🙂\t\n'), user('Bye')] },
  bare_turns: { messages: [user('One'), assistant('Two'), user('Three'), assistant('Four'), user('Five')] },
  answered: { messages: [system('Be brief.'), user('Hi'), assistant('Hello!')] },
  only_system: { messages: [system('Be brief.')] },
  empty: { messages: [system(''), user(''), assistant(''), user('x')] },
  tools: { messages: [system('Be brief.'), user('Weather in Rome?')], tools },
  tools_bare: { messages: [user('Weather in Rome?')], tools },
  tool_round: {
    messages: [
      system('Be brief.'), user('Weather?'), assistant('', { tool_calls: [call('abc123def', 'get_weather', { city: 'Rome', unit: 'celsius', days: [1, 2] })] }),
      { role: 'tool', tool_call_id: 'abc123def', name: 'get_weather', content: '{"t": 21.5, "sky": "clear é"}' }, assistant('21.5 degrees.'), user('Thanks'),
    ], tools,
  },
  tool_null: {
    messages: [
      user('Add'), assistant(null, { tool_calls: [call('a00000001', 'add', { a: 1.0, b: null, flag: true, more: { x: 'q"\\' } }), call('a00000002', 'add', { a: 1e20, b: -3 })] }),
      { role: 'tool', tool_call_id: 'a00000001', name: 'add', content: '3' }, { role: 'tool', tool_call_id: 'a00000002', name: 'add', content: '4' },
    ], tools,
  },
  tool_text: {
    messages: [
      user('Add'), assistant('I add.', { tool_calls: [call('123456789', 'add', '{"a": 1, "b": 2}')] }),
      { role: 'tool', tool_call_id: '123456789', content: '3' }, assistant('Three.'), user('And?'),
    ], tools,
  },
  tool_ipython: { messages: [user('Add'), assistant('', { tool_calls: [call('123456789', 'add', { a: 1 })] }), { role: 'tool', tool_call_id: '123456789', name: 'add', content: { sum: 3 } }], tools },
  reasoning: { messages: [user('Why?'), assistant('Yes.', { reasoning_content: 'Because\nof that.' }), user('Really?')] },
  reasoning_text: { messages: [user('Why?'), assistant(think), user('Really?'), assistant(think)] },
  reasoning_tools: {
    messages: [
      user('Why?'), assistant('', { reasoning_content: 'Ask.', tool_calls: [call('abcdefghi', 'get_weather', { city: 'Rome' })] }),
      { role: 'tool', tool_call_id: 'abcdefghi', name: 'get_weather', content: 'sun' }, assistant('Sun.', { reasoning_content: 'It said so.', thinking: 'T', reasoning: 'R' }), user('More?'),
    ], tools,
  },
  no_thinking: { messages: [system('Be brief.'), user('Hi')], variables: { enable_thinking: false, thinking: false, reasoning_effort: 'low' } },
  thinking: { messages: [system('Be brief. /think'), user('Hi /no_think')], variables: { enable_thinking: true, thinking: true, reasoning_effort: 'high', keep_past_thinking: true } },
  dated: { messages: [system('Be brief.'), user('Hi')], variables: { date_string: '01 Jan 2025', current_date: '2025-01-01', builtin_tools: ['browser', 'python', 'code_interpreter'] } },
  parts: { messages: [system([{ type: 'text', text: 'Be brief.' }]), user([{ type: 'text', text: 'What is ' }, { type: 'text', text: ' this?' }]), assistant([{ type: 'text', text: 'A cat.' }]), user('Sure?')] },
  image: { messages: [user([{ type: 'image' }, { type: 'text', text: 'What is this?' }])] },
  documents: { messages: [user('Hi')], documents: [{ title: 'One', text: 'First text.', doc_id: 1, contents: 'C' }, { title: 'Two', text: 'Second "text".', doc_id: 2, contents: 'D' }] },
  developer: { messages: [{ role: 'developer', content: 'Be brief.' }, user('Hi')] },
  two_users: { messages: [user('One'), user('Two')] },
  late_system: { messages: [user('One'), assistant('Two'), system('Now in French.'), user('Three')] },
  ends: { messages: [user('One'), assistant('Two', { content_blocks: null })], variables: { continue_final_message: true } },
};

const texts = [
  'Hi', ' padded \n', '', '\n\n', '<think>a</think>b', '<think>\n\nx\n</think>\n\nyes', '</think> only', 'é🙂𝒳 ﬁ', '<|im_start|>user', '{{ x }}',
  'a\tb\r\nc', '\'q\' "d" \\ / <b>&amp;', '/no_think', '[INST] x [/INST]', 'line1\nline2\n\nline3', '{"a": 1}', '[1, 2]', 'true', '0',
  '\u2028\u00a0\u200b x', 'long '.repeat(20), '<tool_call>{}</tool_call>', '[THINK]z[/THINK]q', '\x1c x \x0b', 'İstanbul ß',
];
const switches = {
  enable_thinking: [true, false], thinking: [true, false], reasoning_effort: ['low', 'high', 'none'], date_string: ['1 Jan 2020'], strict: [true],
  builtin_tools: [['python']], custom_instructions: ['ci'], model_identity: ['mi'], preserve_thinking: [true], clear_thinking: [true, false],
  keep_all_reasoning: [true], citation_mode: ['accurate'], functions: [[]], controls: [{ length: 'short' }],
};

/** As many conversations as asked for; the same for the same seed. */
export function randomCases(count, seed) {
  let state = seed >>> 0;
  const next = () => { // mulberry32
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const chance = p => next() < p;
  const pick = list => list[Math.floor(next() * list.length)];
  const some = (least, most, make) => Array.from({ length: least + Math.floor(next() * (most - least + 1)) }, make);
  const value = (depth = 2) => {
    const kind = next();
    if (kind < 0.3) return pick(texts);
    if (kind < 0.6) return pick([0, 1, -5, 123, 0.5, -2.25, 1e-7, 1e22]);
    if (kind < 0.75 || depth === 0) return pick([true, false, null]);
    if (kind < 0.88) return some(0, 3, () => value(depth - 1));
    return Object.fromEntries(some(0, 3, () => [pick([...'abxyz']) + pick(['', 'é', ' b']), value(depth - 1)]));
  };
  const content = () => (chance(0.8) ? pick(texts) : chance(0.7) ? some(1, 3, () => ({ type: 'text', text: pick(texts) })) : null);
  const someCall = () => {
    const args = Object.fromEntries(some(0, 3, () => [pick(['city', 'n', 'flag', 'q']), value()]));
    const one = { type: 'function', function: { name: pick(['f', 'get_weather']), arguments: chance(0.8) ? args : JSON.stringify(args) } };
    return chance(0.8) ? { id: pick(['abcdefghi', 'call_1', '123456789']), ...one } : one;
  };
  const schema = (depth = 2) => {
    const type = pick(['string', 'integer', 'number', 'boolean', 'array', 'object', ['string', 'null']]);
    return {
      type, ...(chance(0.6) && { description: pick(texts) }), ...(type === 'array' && depth > 0 && { items: schema(depth - 1) }),
      ...(type === 'object' && depth > 0 && { properties: Object.fromEntries(some(0, 2, () => [pick(['p', 'items', 'type']), schema(depth - 1)])) }),
      ...(chance(0.2) && { enum: ['a', 'b', pick([1, null, 'c'])] }), ...(chance(0.15) && { default: value(1) }), ...(chance(0.1) && { minimum: 1.5 }),
    };
  };
  const someTool = () => tool(pick(['f', 'get_weather']), pick(texts), Object.fromEntries(some(0, 3, () => [pick(['city', 'n', 'items']), schema()])), []);
  const answer = () => {
    const extra = Object.fromEntries(['reasoning_content', 'thinking', 'reasoning'].filter(() => chance(0.15)).map(name => [name, pick(texts)]));
    if (chance(0.6)) return [assistant(content(), extra)];
    const calls = some(1, 2, someCall);
    const results = calls.map(one => ({ role: 'tool', content: content(), ...(chance(0.8) && { tool_call_id: one.id ?? 'x' }), ...(chance(0.6) && { name: one.function.name }) }));
    return [assistant(content(), { ...extra, tool_calls: calls }), ...results, ...(chance(0.7) ? [assistant(pick(texts))] : [])];
  };
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`random ${i}`, {
    messages: [
      ...(chance(0.5) ? [{ role: pick(['system', 'system', 'developer']), content: content() }] : []),
      ...some(1, 4, () => [user(content()), ...(chance(0.8) ? answer() : chance(0.2) ? [system(pick(texts))] : [])]).flat(),
    ],
    tools: chance(0.45) ? some(1, 2, someTool) : undefined,
    documents: chance(0.1) ? [{ title: 'T', text: pick(texts) }] : undefined,
    variables: Object.fromEntries(Object.entries(switches).filter(() => chance(0.18)).map(([name, values]) => [name, pick(values)])),
  }]));
}
