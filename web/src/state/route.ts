import { useEffect, useState } from 'preact/hooks';

/** What the address says behind the hash: a page, and what is set on it. A link to it restores the page as it was. */
export interface Route {
  page: string;
  values: Values;
}

export type Values = Readonly<Record<string, string>>;

export function readRoute(): Route {
  const [page = '', query = ''] = location.hash.replace(/^#\/?/, '').split('?', 2);
  return { page, values: Object.fromEntries(new URLSearchParams(query)) };
}

/** The address of a page with values; nothing is said of an empty one, unless the page begins with another. */
export function hashOf(page: string, values: Values, defaults: Values = {}): string {
  const query = new URLSearchParams(Object.entries(values).filter(([name, value]) => value !== '' || (defaults[name] ?? '') !== ''));
  const text = query.toString().replaceAll('%2C', ',').replaceAll('%2F', '/').replaceAll('%3A', ':');
  return `#/${page}${text === '' ? '' : `?${text}`}`;
}

/** Where each page was left: going to another page and back loses nothing that was set. */
const left = new Map<string, string>();

function remember(): void {
  left.set(readRoute().page, location.hash);
}

/** The address of a page as it was left, or as it begins. */
export function lastHash(page: string): string {
  return left.get(page) ?? `#/${page}`;
}

/** The route as it is, and after every change of it. */
export function useRoute(): Route {
  const [route, setRoute] = useState(readRoute);
  useEffect(() => {
    const changed = (): void => {
      remember();
      setRoute(readRoute());
    };
    remember();
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  return route;
}

/** Values of a page, kept in the address; what equals its default is left out of it. */
export function useValues(page: string, defaults: Values): [Values, (changes: Values) => void] {
  const [values, setValues] = useState<Values>(() => ({ ...defaults, ...startOf(page) }));
  useEffect(() => {
    const changed = (): void => {
      const route = readRoute();
      if (route.page === page) {
        setValues({ ...defaults, ...route.values });
      }
    };
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  const change = (changes: Values): void => {
    setValues((old) => {
      const next = { ...old, ...changes };
      history.replaceState(null, '', hashOf(page, stated(next, defaults), defaults));
      remember();
      return next;
    });
  };
  return [values, change];
}

function startOf(page: string): Values {
  const route = readRoute();
  return route.page === page ? route.values : {};
}

// The model and the machine always stand in a link: the defaults may be others one day.
function stated(values: Values, defaults: Values): Values {
  return Object.fromEntries(
    Object.entries(values).filter(([name, value]) => value !== (defaults[name] ?? '') || name === 'model' || name === 'on'),
  );
}
