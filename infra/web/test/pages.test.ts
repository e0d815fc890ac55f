import assert from "node:assert/strict";
import { test } from "node:test";
import { next } from "../src/next";
import { unbroken } from "../src/numbers";

test("a log-in leads on to pages of ours alone", () => {
  assert.equal(next({ next: "/rooms?date=2026-11-21" }, "/"), "/rooms?date=2026-11-21");
  for (const other of ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", ""]) {
    assert.equal(next({ next: other }, "/"), "/", other);
  }
});

test("a chat is asked for from before the first number that is missing", () => {
  const of = (...all: number[]) => unbroken(all.map((seq) => ({ seq })));
  assert.equal(of(), 0);
  assert.equal(of(4, 5, 6), 6);
  assert.equal(of(4, 5, 8, 9), 5);
});
