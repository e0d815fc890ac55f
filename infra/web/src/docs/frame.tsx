// The documentation's frame: its contents beside, or on a phone above, a page.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useLocation } from "preact-iso/router";
import { config } from "../app";
import { Page } from "../ui";
import { GUIDES } from "./guides";

const FURTHER = [
  ["/docs/reference", "Reference"],
  ["/docs/live", "Live messages"],
  ["/docs/errors", "Errors"],
] as const;

interface Props {
  title: string;
  lede?: string;
  children?: ComponentChildren;
}

export function DocsPage({ title, lede, children }: Props) {
  const styled = useStyle();
  const { path } = useLocation();
  if (!styled) return null;
  return (
    <div class="docs" lang="en">
      <Contents key={path} />
      <Page title={title} lang="en" lede={lede}>
        {children}
      </Page>
    </div>
  );
}

/** The documentation's own style is loaded with its first page; index.html names it. */
function useStyle(): boolean {
  const [styled, setStyled] = useState(isStyled);
  useEffect(() => {
    const link = style();
    if (!link || styled) return;
    // Without it the page is plain, and is there.
    const done = () => setStyled(true);
    link.addEventListener("load", done);
    link.addEventListener("error", done);
    link.disabled = false;
    return () => {
      link.removeEventListener("load", done);
      link.removeEventListener("error", done);
    };
  }, [styled]);
  return styled;
}

const style = () => document.querySelector<HTMLLinkElement>("#docs-style");
const isStyled = () => style()?.sheet != null;

function Contents() {
  const { path } = useLocation();
  const [wide] = useState(() => matchMedia("(min-width: 60rem)").matches);
  const link = (address: string, text: string) => (
    <li key={address}>
      <a href={address} aria-current={path === address ? "page" : undefined}>
        {text}
      </a>
    </li>
  );
  return (
    <nav class="contents" aria-label="Documentation">
      <details open={wide}>
        <summary>Documentation</summary>
        <ul>
          {link("/docs", "Start")}
          <li>
            <span class="contents-head">Guides of five minutes</span>
            <ul>{GUIDES.map(({ name, title }) => link(`/docs/guides/${name}`, title))}</ul>
          </li>
          <li>
            <span class="contents-head">To look up</span>
            <ul>
              {FURTHER.map(([address, text]) => link(address, text))}
              <li>
                <a href={`${config.api}/openapi.json`} target="_blank" rel="noreferrer">
                  openapi.json
                </a>
              </li>
              <li>
                <a href={`${config.api}/asyncapi.json`} target="_blank" rel="noreferrer">
                  asyncapi.json
                </a>
              </li>
            </ul>
          </li>
        </ul>
      </details>
    </nav>
  );
}
