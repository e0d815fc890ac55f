// A meeting of the local stack: one is connected as far as its Chime knows, and nothing is heard or seen.
import { ApiError, type components } from "@enishi/client";
import { isRecorder, type Meeting, type Seen } from "./meeting";

type Join = components["schemas"]["JoinResponse"];

export async function open(
  { Meeting, Attendee }: Join,
  address: string,
  name: string,
  tell: (seen: Seen) => void,
  lost: () => void,
): Promise<Meeting> {
  const ask = async (action: "join" | "leave" | "present"): Promise<{ present?: string[] }> => {
    const response = await fetch(`${address}/${Meeting.MeetingId}/${Attendee.AttendeeId}/${action}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ JoinToken: Attendee.JoinToken }),
      keepalive: true,
    });
    if (!response.ok) throw ApiError.of(response, undefined);
    return (await response.json()) as { present?: string[] };
  };
  const look = async () => {
    const { present = [] } = await ask("present");
    const people = present.filter((id) => !isRecorder(id)).map((id) => {
      const own = id === Attendee.ExternalUserId;
      return { id, name: own ? name : "", own, muted: true, speaking: false };
    });
    tell({ media: false, connected: true, recorded: present.some(isRecorder), people, muted: true, camera: false, microphones: [] });
  };
  await ask("join");
  await look();
  let failures = 0;
  const looking = setInterval(() => {
    look().then(
      () => (failures = 0),
      () => {
        if (++failures < 3) return;
        clearInterval(looking);
        lost();
      },
    );
  }, 2_000);
  const nothing = () => Promise.resolve();
  let left = false;
  return {
    mute: nothing,
    camera: nothing,
    listen: nothing,
    show: () => undefined,
    leave: () => {
      if (left) return;
      left = true;
      clearInterval(looking);
      ask("leave").catch(() => undefined);
    },
  };
}
