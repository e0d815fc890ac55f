// The guides, in the order in which a front end needs them.

export interface Guide {
  name: string;
  title: string;
  about: string;
  load(): Promise<string>;
}

const text = (module: Promise<{ default: string }>) => module.then(({ default: text }) => text);

export const GUIDES: readonly Guide[] = [
  {
    name: "identity",
    title: "Accounts and sessions",
    about: "Sign up, log in, stay logged in, set a new password.",
    load: () => text(import("../../guides/identity.md")),
  },
  {
    name: "rooms",
    title: "Rooms",
    about: "Enroll for a morning, be drawn, walk into the room.",
    load: () => text(import("../../guides/rooms.md")),
  },
  {
    name: "live",
    title: "Live",
    about: "One WebSocket that tells what happens at once.",
    load: () => text(import("../../guides/live.md")),
  },
  {
    name: "saju",
    title: "Saju",
    about: "A chart, the day's recommendations, a match and its chat.",
    load: () => text(import("../../guides/saju.md")),
  },
  {
    name: "visits",
    title: "Visits",
    about: "Find an employee, agree on a time, book the meeting.",
    load: () => text(import("../../guides/visits.md")),
  },
  {
    name: "payments",
    title: "Payments",
    about: "A Checkout of Stripe's, and what the ledger tells of it.",
    load: () => text(import("../../guides/payments.md")),
  },
  {
    name: "market",
    title: "Market",
    about: "A maker lists something; somebody finds and buys it.",
    load: () => text(import("../../guides/market.md")),
  },
  {
    name: "orgs",
    title: "Organisations",
    about: "Log in with Firebase, invite somebody, make a project.",
    load: () => text(import("../../guides/orgs.md")),
  },
];
