// What a front end writes with the client that openapi-generator makes. It only has to compile.
import { Configuration, IdentityApi, RoomsApi, SajuApi, type MeetingUrl } from "./fetch";

export async function morning(date: Date): Promise<string | undefined> {
  const visitor = new IdentityApi();
  const { accessToken, userId } = await visitor.logIn({
    loginRequest: { email: "hana@example.jp", password: "a quiet morning at nine" },
  });
  const rooms = new RoomsApi(new Configuration({ accessToken }));
  await rooms.enrollForSlot({ enrollRequest: { date }, idempotencyKey: "1" });
  const room: MeetingUrl = await rooms.getMeetingUrl({ userId, date });
  return room.status === "ready" ? room.url : undefined;
}

export async function chats(accessToken: string): Promise<string[]> {
  const saju = new SajuApi(new Configuration({ accessToken }));
  const all = await saju.listMyChats({ limit: 20 });
  return all.map((chat) => `${chat.partner.name ?? "somebody"}: ${chat.lastMessage ?? ""}`);
}
