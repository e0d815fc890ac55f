import { useEffect, useState } from "preact/hooks";
import { useLocation } from "preact-iso/router";

/** What the address names behind its `#`; it is scrolled to once it is there. */
export function useNamed(): string {
  const { url } = useLocation();
  const [named, setNamed] = useState(fragment);
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
