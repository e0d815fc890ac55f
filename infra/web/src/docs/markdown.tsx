// Markdown as elements: marked reads it, and nothing of it goes into the page as HTML.
import { lexer, type Token, type Tokens } from "marked";
import { type ComponentChildren, Fragment, type JSX } from "preact";
import { useMemo } from "preact/hooks";
import { Code } from "./code";
import { slug } from "./slug";

/** A text; `level` is that of its first headings. */
export function Markdown({ text, level = 2 }: { text: string; level?: number }) {
  const tokens = useMemo(() => lexer(text), [text]);
  return <div class="prose">{tokens.map((token, at) => <Block key={at} token={token} level={level} />)}</div>;
}

/** A text of one paragraph, without its paragraph. */
export function Inline({ text }: { text: string }) {
  const tokens = useMemo(() => lexer(text), [text]);
  return (
    <>
      {tokens.map((token, at) => (
        <Fragment key={at}>{"tokens" in token ? inline(token.tokens) : token.raw} </Fragment>
      ))}
    </>
  );
}

function Block({ token, level }: { token: Token; level: number }): JSX.Element | null {
  switch (token.type) {
    case "heading": {
      const Heading = `h${Math.min(6, level - 2 + token.depth)}` as "h2";
      return <Heading id={slug(token.text)}>{inline(token.tokens)}</Heading>;
    }
    case "paragraph":
      return <p>{inline(token.tokens)}</p>;
    case "code":
      return <Code text={token.text} language={token.lang?.split(" ")[0]} />;
    case "list": {
      const List = token.ordered ? "ol" : "ul";
      const items = (token as Tokens.List).items;
      return (
        <List>
          {items.map((item, at) => (
            <li key={at}>
              {item.tokens.map((part, index) => (
                <Block key={index} token={part} level={level} />
              ))}
            </li>
          ))}
        </List>
      );
    }
    case "table":
      return <Table token={token as Tokens.Table} />;
    case "blockquote":
      return (
        <blockquote>
          {token.tokens?.map((part, at) => (
            <Block key={at} token={part} level={level} />
          ))}
        </blockquote>
      );
    case "text":
      return <>{inline(token.tokens ?? [token])}</>;
    case "space":
      return null;
    default:
      return <p>{token.raw}</p>;
  }
}

function Table({ token }: { token: Tokens.Table }) {
  return (
    // It scrolls where it is wider than the page, with the keyboard too.
    <div class="table" tabIndex={0}>
      <table>
        <thead>
          <tr>
            {token.header.map((cell, at) => (
              <th key={at} scope="col">
                {inline(cell.tokens)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {token.rows.map((row, at) => (
            <tr key={at}>
              {row.map((cell, index) => (
                <td key={index}>{inline(cell.tokens)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function inline(tokens: Token[] = []): ComponentChildren {
  return tokens.map((token, at) => {
    switch (token.type) {
      case "strong":
        return <strong key={at}>{inline(token.tokens)}</strong>;
      case "em":
        return <em key={at}>{inline(token.tokens)}</em>;
      case "del":
        return <del key={at}>{inline(token.tokens)}</del>;
      case "codespan":
        return <Span key={at} text={token.text} />;
      case "br":
        return <br key={at} />;
      case "link":
        return <Link key={at} href={token.href} tokens={token.tokens ?? []} />;
      case "escape":
        return token.text;
      case "text":
        return token.tokens ? inline(token.tokens) : token.text;
      default:
        return token.raw;
    }
  });
}

function Link({ href, tokens }: { href: string; tokens: Token[] }) {
  // A link of a link is none.
  const text = tokens.map((token, at) => (token.type === "codespan" ? <code key={at}>{token.text}</code> : inline([token])));
  return /^(https?:|\/|#)/.test(href) ? <a href={href}>{text}</a> : <>{text}</>;
}

/** Where a text names an endpoint, such as `GET /slots`, it leads there. */
function Span({ text }: { text: string }) {
  const [endpoint] = text.match(/^(GET|POST|PUT|PATCH|DELETE) \/[^?\s]*/) ?? [];
  const code = <code>{text}</code>;
  return endpoint ? <a href={`/docs/reference#${encodeURIComponent(endpoint)}`}>{code}</a> : code;
}
