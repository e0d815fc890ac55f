// The WebSocket of a page that needs it.
import type { Live, LiveEvents } from "@enishi/client";
import { useEffect, useRef, useState } from "preact/hooks";
import { enishi, useUser } from "./app";

type Listeners = { [K in "message" | "matchingMessage"]?: (event: LiveEvents[K]) => void } & { open?: () => void };

/** Connects as long as the component is there and somebody is logged in. */
export function useLive(listeners: Listeners): { live: Live | undefined; stands: boolean } {
  const user = useUser();
  const [live, setLive] = useState<Live>();
  const [stands, setStands] = useState(false);
  // Those of the latest drawing, without connecting anew.
  const latest = useRef(listeners);
  latest.current = listeners;
  useEffect(() => {
    if (!user) return;
    const opened = enishi.live();
    opened.on("open", () => {
      setStands(true);
      latest.current.open?.();
    });
    opened.on("closed", () => setStands(false));
    opened.on("message", (event) => latest.current.message?.(event));
    opened.on("matchingMessage", (event) => latest.current.matchingMessage?.(event));
    setLive(opened);
    return () => {
      opened.close();
      setLive(undefined);
      setStands(false);
    };
  }, [user]);
  return { live, stands };
}
