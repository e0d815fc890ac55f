export { createEnishi, type Enishi, type Options } from "./client.ts";
export { ApiError, type Answer, type Code, type Fault, nextCursor, ok, whole } from "./error.ts";
export { cookieKeeper, type Place, tokenKeeper } from "./keepers.ts";
export { Live, type LiveEvents } from "./live.ts";
export type { components, operations, paths } from "./schema.ts";
export { type Access, type Keeper, Session, type Tokens } from "./session.ts";
