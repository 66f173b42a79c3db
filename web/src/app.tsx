import { useEffect, useState } from 'preact/hooks';
import type { ComponentType } from 'preact';
import { onKeyNeeded, setKey } from './api/client';
import { ChatPage } from './pages/chat';
import { ComparePage } from './pages/compare';
import { EstimatePage } from './pages/estimate';
import { HistoryPage } from './pages/history';
import { LivePage } from './pages/live';
import { PlanPage } from './pages/plan';
import { ServingPage } from './pages/serving';
import { Notice } from './parts/notice';
import { useCatalog, type Catalog } from './state/catalog';
import { lastHash, useRoute } from './state/route';
import { useTheme, type Theme } from './state/theme';

export interface PageProps {
  catalog: Catalog;
  theme: Theme;
}

interface PageEntry {
  key: string;
  name: string;
  page: ComponentType<PageProps>;
}

const pages: readonly [PageEntry, ...PageEntry[]] = [
  { key: 'estimate', name: 'Estimate', page: EstimatePage },
  { key: 'compare', name: 'Compare', page: ComparePage },
  { key: 'serving', name: 'Serving', page: ServingPage },
  { key: 'plan', name: 'Plan', page: PlanPage },
  { key: 'history', name: 'History', page: HistoryPage },
  { key: 'live', name: 'Live', page: LivePage },
  { key: 'chat', name: 'Chat', page: ChatPage },
];

export function App() {
  const route = useRoute();
  const [theme, setTheme] = useTheme();
  const [keyNeeded, setKeyNeeded] = useState(false);
  const catalog = useCatalog();
  onKeyNeeded.notify = () => setKeyNeeded(true);
  const entry = route.page === '' ? pages[0] : pages.find((page) => page.key === route.page);
  const name = entry?.name ?? 'No such page';
  useEffect(() => {
    document.title = `${name} · Inferometer`;
  }, [name]);
  const other = theme === 'dark' ? 'light' : 'dark';
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => skip(event)}>
        Skip to the page
      </a>
      <header>
        <span class="brand">
          <img src="favicon.svg" alt="" width="22" height="22" />
          Inferometer
        </span>
        <nav aria-label="Pages">
          {pages.map((page) => (
            <a
              key={page.key}
              href={lastHash(page.key)}
              aria-current={page.key === entry?.key ? 'page' : undefined}
              onClick={(event) => {
                if (page.key === entry?.key && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
                  event.preventDefault(); // what is set here stays as it is
                }
              }}
            >
              {page.name}
            </a>
          ))}
        </nav>
        <button type="button" class="theme" onClick={() => setTheme(other)} aria-label={`Use the ${other} theme`} title={`Use the ${other} theme`}>
          {theme === 'dark' ? '☀' : '☾'}
        </button>
      </header>
      <main id="main" tabIndex={-1}>
        <h1 class="unseen">{name}</h1>
        {keyNeeded && <KeyForm />}
        {typeof catalog === 'string' && !keyNeeded && <Notice kind="bad" title="The catalog could not be loaded" text={catalog} />}
        {entry === undefined && (
          <Notice kind="warning" title={`There is no page '${route.page}'`}>
            <p>
              The pages are named above; <a href={lastHash(pages[0].key)}>{pages[0].name}</a> is the first.
            </p>
          </Notice>
        )}
        {typeof catalog === 'object' && entry !== undefined && <entry.page key={entry.key} catalog={catalog} theme={theme} />}
      </main>
    </>
  );
}

// The hash is the page's address; a jump must not change it.
function skip(event: Event): void {
  event.preventDefault();
  document.getElementById('main')?.focus();
}

function KeyForm() {
  const [key, setText] = useState('');
  return (
    <form
      class="panel key-form"
      onSubmit={(event) => {
        event.preventDefault();
        setKey(key.trim());
        location.reload();
      }}
    >
      <label for="key">This server asks for an API key. It is kept until the tab is closed.</label>
      <input id="key" type="password" autocomplete="off" value={key} onInput={(event) => setText(event.currentTarget.value)} />
      <button type="submit" class="main">
        Use it
      </button>
    </form>
  );
}
