/** What a log-in gives. */
export interface Tokens {
  access_token: string;
  refresh_token: string;
  expires_in: number;
}

/** A fresh access token. */
export interface Access {
  access_token: string;
  expires_in: number;
}

/** Where the session's secret is kept, and how it is spent for the next access token. */
export interface Keeper {
  /** Takes over the session that a log-in has begun; some keepers spend its refresh token at once. */
  adopt(tokens: Tokens): Promise<Access>;
  /** The next access token; none where there is no session any more. @throws when nobody answers. */
  renew(): Promise<Access | undefined>;
  /** Ends the session. */
  end(accessToken: string): Promise<void>;
}

/** The claims that a client may look at; the server alone verifies them. */
interface Claims {
  sub: string;
  name: string;
  email: string;
  scope?: string;
  iat: number;
  exp: number;
}

interface Held {
  token: string;
  claims: Claims;
  /** When it ends, by this machine's clock. */
  until: number;
}

/** An access token is renewed so long before it ends, in milliseconds. */
const EARLY = 30_000;

/** Somebody's session. The access token is in memory only, and lasts 15 minutes. */
export class Session {
  #held: Held | undefined;
  #renewing: Promise<string | undefined> | undefined;
  #ahead = 0;
  #listeners = new Set<() => void>();

  constructor(readonly keeper: Keeper) {}

  /** Whose it is; none without a session. */
  get userId(): string | undefined {
    return this.#held?.claims.sub;
  }

  /** The name others see. */
  get name(): string {
    return this.#held?.claims.name ?? "";
  }

  /** The account's address. */
  get email(): string {
    return this.#held?.claims.email ?? "";
  }

  /** Whether the token says that they are an operator. */
  get isOperator(): boolean {
    return this.#held?.claims.scope?.split(" ").includes("operator") ?? false;
  }

  /** The server's time in milliseconds, as far as its last token told: this machine's clock may be wrong. */
  now(): number {
    return Date.now() + this.#ahead;
  }

  /** Calls back whenever somebody logs in or out. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Goes on with the session that the keeper may have. @throws when nobody answers. */
  async restore(): Promise<boolean> {
    return (await this.renew()) !== undefined;
  }

  /** Takes over what a sign-up or a log-in has answered. */
  async adopt(tokens: Tokens): Promise<void> {
    // They are logged in, and stay so for this page's life even where the secret cannot be kept.
    const kept = await this.keeper.adopt(tokens).catch(() => undefined);
    this.#hold(kept ?? tokens);
  }

  /** Takes over a session whose secret the keeper has already. */
  begin(access: Access): void {
    this.#hold(access);
  }

  /** A token that is good for a while; none without a session. */
  async token(): Promise<string | undefined> {
    const held = this.#held;
    if (!held) return undefined;
    return held.until - EARLY > Date.now() ? held.token : this.renew();
  }

  /** Another token. However many ask at once, the session is renewed once. @throws when nobody answers. */
  renew(): Promise<string | undefined> {
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  /** Logs out; the token is forgotten even where nobody answers. */
  async end(): Promise<void> {
    const token = await this.token().catch(() => undefined);
    try {
      if (token) await this.keeper.end(token);
    } finally {
      this.forget();
    }
  }

  /** Forgets the token: the session has ended elsewhere. */
  forget(): void {
    this.#held = undefined;
    this.#tell();
  }

  async #renew(): Promise<string | undefined> {
    const access = await this.keeper.renew();
    if (!access) {
      if (this.#held) this.forget();
      return undefined;
    }
    this.#hold(access);
    return access.access_token;
  }

  #hold({ access_token, expires_in }: Access): void {
    const claims = decode(access_token);
    const before = this.#held?.claims;
    this.#ahead = Math.abs(claims.iat * 1000 - Date.now()) > 5_000 ? claims.iat * 1000 - Date.now() : 0;
    this.#held = { token: access_token, claims, until: Date.now() + expires_in * 1000 };
    if (before?.sub !== claims.sub || before.scope !== claims.scope) this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** The claims of a JWT, unverified. */
export function decode(token: string): Claims {
  const payload = (token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
  const bytes = Uint8Array.from(atob(payload), (char) => char.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes)) as Claims;
}
