import { useEffect, useState } from "preact/hooks";
import { useLocation } from "preact-iso/router";

const NONE: ReadonlyMap<string, string> = new Map();

/** What the address names behind its `#`, by its id or by another name; it is scrolled to once it is there. */
export function useNamed(others = NONE): string {
  const { url } = useLocation();
  const [said, setNamed] = useState(fragment);
  const named = others.get(said) ?? said;
  useEffect(() => {
    const read = () => setNamed(fragment());
    read();
    addEventListener("hashchange", read);
    return () => removeEventListener("hashchange", read);
  }, [url]);
  useEffect(() => {
    if (named) document.getElementById(named)?.scrollIntoView();
  }, [named]);
  return named;
}

function fragment(): string {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return "";
  }
}
