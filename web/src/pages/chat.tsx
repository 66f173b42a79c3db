import { useEffect, useRef, useState } from 'preact/hooks';
import { isAbort, messageOf, postRaw } from '../api/client';
import { eventsOf } from '../api/events';
import { digits, time } from '../format';
import { NoModel } from '../parts/no-model';
import { Notice } from '../parts/notice';
import { useServed, type Served } from '../state/served';

interface Message {
  role: 'user' | 'assistant';
  content: string;
  /** Why it ended before it was done; not sent. */
  cut?: string | undefined;
}

interface Chunk {
  choices: { delta?: { content?: string | null }; finish_reason?: string | null }[];
  usage?: { prompt_tokens: number; completion_tokens: number } | null;
  error?: { message: string };
}

interface Pace {
  firstMs: number;
  tokens: number;
  perSecond: number;
}

/** A conversation with the served model, as it is generated. */
export function ChatPage() {
  const served = useServed();
  if (served === null) {
    return <NoModel what="A conversation" />;
  }

  return (
    <>
      {typeof served === 'string' && <Notice kind="bad" title="The server could not be asked" text={served} />}
      {typeof served === 'object' && <Conversation served={served} />}
    </>
  );
}

function Conversation({ served }: { served: Served }) {
  const [messages, setMessages] = useState<Message[]>([]);
  const [draft, setDraft] = useState('');
  const [most, setMost] = useState('256');
  const [temperature, setTemperature] = useState('0.8');
  const [pace, setPace] = useState<Pace>();
  const [fault, setFault] = useState<string>();
  const [answering, setAnswering] = useState<AbortController>();
  const end = useRef<HTMLDivElement>(null);
  const last = messages[messages.length - 1];
  useEffect(() => end.current?.scrollIntoView({ block: 'end' }), [last]);

  const send = async (): Promise<void> => {
    const asked: Message[] = [...messages, { role: 'user', content: draft.trim() }];
    const abort = new AbortController();
    setMessages([...asked, { role: 'assistant', content: '' }]);
    setDraft('');
    setFault(undefined);
    setPace(undefined);
    setAnswering(abort);
    try {
      const body = {
        model: served.id,
        messages: asked.map(({ role, content }) => ({ role, content })),
        stream: true,
        stream_options: { include_usage: true },
        max_tokens: Number(most),
        temperature: Number(temperature),
      };
      const start = performance.now();
      const response = await postRaw('/v1/chat/completions', body, abort.signal);
      await receive(response, start, (content, cut) => setMessages([...asked, { role: 'assistant', content, cut }]), setPace);
    } catch (error) {
      if (!isAbort(error)) {
        setFault(messageOf(error));
      }
    } finally {
      setAnswering(undefined);
    }
  };
  return (
    <div class="chat">
      <p class="subject">
        <b>{served.id}</b>
      </p>
      <div class="talk" role="log" aria-label="Conversation" tabIndex={0}>
        {messages.length === 0 && <p class="muted">Say something. Nothing is kept: the conversation ends with this page.</p>}
        {messages.map((message, i) => (
          <article key={i} class={message.role}>
            <h2>{message.role === 'user' ? 'You' : served.id}</h2>
            <p>{message.content}{answering !== undefined && i === messages.length - 1 && <i class="caret" aria-hidden="true" />}</p>
            {message.cut !== undefined && <p class="muted">{message.cut}</p>}
          </article>
        ))}
        <div ref={end} />
      </div>
      {fault !== undefined && <Notice kind="bad" title="No answer" text={fault} />}
      <form
        class="panel say"
        onSubmit={(event) => {
          event.preventDefault();
          if (answering === undefined && draft.trim() !== '') {
            void send();
          }
        }}
      >
        <label class="unseen" for="say">
          Message
        </label>
        <textarea
          id="say"
          rows={3}
          placeholder="Message; Enter sends, Shift+Enter begins a line"
          value={draft}
          onInput={(event) => setDraft(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
              event.preventDefault();
              event.currentTarget.form?.requestSubmit();
            }
          }}
        />
        <div class="say-row">
          <label>
            Tokens at most
            <input type="number" min={1} max={served.max_model_len ?? 100_000} value={most} onInput={(event) => setMost(event.currentTarget.value)} />
          </label>
          <label>
            Temperature
            <input type="number" min={0} max={2} step={0.1} value={temperature} onInput={(event) => setTemperature(event.currentTarget.value)} />
          </label>
          <output aria-live="polite">
            {pace === undefined ? '' : `${pace.tokens} tokens, ${digits(pace.perSecond)} tokens/s, first after ${time(pace.firstMs)}`}
          </output>
          <button type="button" disabled={answering !== undefined || messages.length === 0} onClick={() => setMessages([])}>
            Clear
          </button>
          {answering === undefined ? (
            <button type="submit" class="main" disabled={draft.trim() === ''}>
              Send
            </button>
          ) : (
            <button type="button" class="main" onClick={() => answering.abort()}>
              Stop
            </button>
          )}
        </div>
      </form>
    </div>
  );
}

// A piece may hold more than one token; how many there were is said at the end.
async function receive(response: Response, start: number, show: (text: string, cut?: string) => void, tell: (pace: Pace) => void): Promise<void> {
  let [text, pieces, first, ended] = ['', 0, 0, false];
  let reason: string | undefined;
  let tokens = 0;
  for await (const event of eventsOf(response)) {
    if (event.data === '[DONE]') {
      ended = true;
      break;
    }

    const chunk = JSON.parse(event.data) as Chunk;
    if (chunk.error !== undefined) {
      throw new Error(chunk.error.message);
    }

    reason = chunk.choices[0]?.finish_reason ?? reason;
    const piece = chunk.choices[0]?.delta?.content ?? '';
    const now = performance.now();
    if (piece !== '') {
      first = pieces === 0 ? now : first;
      pieces++;
      text += piece;
      show(text.trimStart());
    }

    tokens = chunk.usage?.completion_tokens ?? pieces;
    if (tokens > 0) {
      tell({ firstMs: first - start, tokens, perSecond: now > first ? (tokens - 1) / ((now - first) / 1000) : 0 });
    }
  }

  if (!ended) {
    throw new Error('The connection ended before the answer did.');
  }

  if (reason === 'length') {
    show(text.trimStart(), `Cut off after ${tokens} tokens: as many as were allowed, or as there is room for.`);
  }
}
