import { useEffect, useState } from 'preact/hooks';

export type Theme = 'light' | 'dark';

const name = 'inferometer-theme';
const preference = matchMedia('(prefers-color-scheme: dark)');

function current(): Theme {
  const chosen = localStorage.getItem(name);
  return chosen === 'light' || chosen === 'dark' ? chosen : preference.matches ? 'dark' : 'light';
}

/** The theme, and what changes it: the system's until one is chosen here. */
export function useTheme(): [Theme, (theme: Theme) => void] {
  const [theme, setTheme] = useState(current);
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
  }, [theme]);
  useEffect(() => {
    const changed = (): void => setTheme(current());
    preference.addEventListener('change', changed);
    return () => preference.removeEventListener('change', changed);
  }, []);
  return [
    theme,
    (chosen) => {
      localStorage.setItem(name, chosen);
      setTheme(chosen);
    },
  ];
}
