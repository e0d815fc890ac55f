// The front end: its frame, and which page is at which address.
import { render } from "preact";
import lazy, { ErrorBoundary } from "preact-iso/lazy";
import { LocationProvider, Route, Router, useLocation } from "preact-iso/router";
import { start, useUser } from "./app";
import { choose, language, LANGUAGES, type Language, useTexts } from "./i18n";
import { Forgot, Reset, SignUp, Verify } from "./pages/account";
import { Home } from "./pages/home";
import { LogInPage } from "./pages/login";
import { common } from "./texts/common";
import { Page } from "./ui";

const page = <K extends string>(load: () => Promise<Record<K, () => preact.JSX.Element>>, name: K) =>
  lazy(async () => ({ default: (await load())[name] }));

const rooms = () => import("./pages/rooms");
const saju = () => import("./pages/saju");
const visits = () => import("./pages/visits");
const market = () => import("./pages/market");
const maker = () => import("./pages/maker");
const orgs = () => import("./pages/orgs");
const docs = () => import("./docs/pages");

const Account = page(() => import("./pages/me"), "Account");
const Rooms = page(rooms, "Rooms");
const Week = page(() => import("./pages/week"), "Week");
const RoomPage = page(() => import("./pages/room"), "RoomPage");
const Saju = page(saju, "Saju");
const Chart = page(() => import("./pages/chart"), "Chart");
const SajuProfile = page(() => import("./pages/saju-profile"), "SajuProfile");
const Person = page(() => import("./pages/person"), "Person");
const Chat = page(() => import("./pages/chat"), "Chat");
const Visits = page(visits, "Visits");
const Notices = page(() => import("./pages/notices"), "Notices");
const VisitsProfile = page(() => import("./pages/visits-profile"), "VisitsProfile");
const Review = page(() => import("./pages/review"), "Review");
const Visit = page(() => import("./pages/visit"), "Visit");
const VisitRoom = page(() => import("./pages/room"), "VisitRoom");
const Market = page(market, "Market");
const Item = page(market, "Item");
const Shop = page(() => import("./pages/shop"), "Shop");
const Favourites = page(() => import("./pages/shop"), "Favourites");
const MarketReview = page(() => import("./pages/market-review"), "MarketReview");
const Cart = page(() => import("./pages/cart"), "Cart");
const Orders = page(() => import("./pages/orders"), "Orders");
const Order = page(() => import("./pages/orders"), "Order");
const Maker = page(maker, "Maker");
const Onboarding = page(maker, "Onboarding");
const Sale = page(maker, "Sale");
const Orgs = page(orgs, "Orgs");
const Accept = page(orgs, "Accept");
const Licenses = page(() => import("./pages/licenses"), "Licenses");
const Docs = page(docs, "Start");
const Guide = page(docs, "GuidePage");
const Reference = page(() => import("./docs/reference"), "Reference");
const LiveMessages = page(() => import("./docs/live"), "LiveMessages");
const Errors = page(() => import("./docs/errors"), "Errors");

const PRODUCTS = [
  ["rooms", "/rooms", "朝"],
  ["visits", "/visits", "訪"],
  ["saju", "/saju", "柱"],
  ["market", "/market", "市"],
  ["orgs", "/orgs", "組"],
] as const;

/** Under which product an address stands. */
const UNDER: Record<string, string> = {
  meetings: "/visits",
  cart: "/market",
  transactions: "/market",
  sales: "/market",
  maker: "/market",
  licenses: "/orgs",
  invitations: "/orgs",
};

function Frame() {
  const t = useTexts(common);
  const user = useUser();
  const { path } = useLocation();
  document.documentElement.lang = language();
  const first = path.split("/")[1] ?? "";
  const here = UNDER[first] ?? `/${first}`;
  return (
    <>
      <a class="skip" href="#content">
        {t.skip}
      </a>
      <header class="top">
        <a class="brand" href="/">
          <span class="brand-mark" aria-hidden="true">
            縁
          </span>
          Enishi
        </a>
        <nav class="products" aria-label={t.nav}>
          {PRODUCTS.map(([name, address, mark]) => (
            <a key={name} href={address} aria-current={here === address ? "page" : undefined}>
              <span class="mark" aria-hidden="true" lang="ja">
                {mark}
              </span>
              <span>{t.products[name]}</span>
            </a>
          ))}
        </nav>
        <div class="own">
          <select
            aria-label={t.language}
            onChange={(event) => choose(event.currentTarget.value as Language)}
          >
            {Object.entries(LANGUAGES).map(([tag, name]) => (
              <option key={tag} value={tag} lang={tag} selected={tag === language()}>
                {name}
              </option>
            ))}
          </select>
          {user ? (
            <a class="button quiet" href="/account">
              {t.account}
            </a>
          ) : (
            <a class="button" href="/log-in">
              {t.logIn}
            </a>
          )}
        </div>
      </header>
      <ErrorBoundary>
        <Router>
          <Route path="/" component={Home} />
          <Route path="/sign-up" component={SignUp} />
          <Route path="/log-in" component={LogInPage} />
          <Route path="/verify-email" component={Verify} />
          <Route path="/forgot-password" component={Forgot} />
          <Route path="/reset-password" component={Reset} />
          <Route path="/account" component={Account} />
          <Route path="/rooms" component={Rooms} />
          <Route path="/rooms/week" component={Week} />
          <Route path="/rooms/:id" component={RoomPage} />
          <Route path="/saju" component={Saju} />
          <Route path="/saju/chart" component={Chart} />
          <Route path="/saju/profile" component={SajuProfile} />
          <Route path="/saju/people/:id" component={Person} />
          <Route path="/saju/chats/:id" component={Chat} />
          <Route path="/visits" component={Visits} />
          <Route path="/visits/notices" component={Notices} />
          <Route path="/visits/profile" component={VisitsProfile} />
          <Route path="/visits/review" component={Review} />
          <Route path="/meetings/:id" component={Visit} />
          <Route path="/meetings/:id/room" component={VisitRoom} />
          <Route path="/market" component={Market} />
          <Route path="/market/items/:id" component={Item} />
          <Route path="/market/makers/:id" component={Shop} />
          <Route path="/market/favourites" component={Favourites} />
          <Route path="/market/review" component={MarketReview} />
          <Route path="/cart" component={Cart} />
          <Route path="/transactions" component={Orders} />
          <Route path="/transactions/:id" component={Order} />
          <Route path="/maker" component={Maker} />
          <Route path="/maker/onboarding" component={Onboarding} />
          <Route path="/sales/:id" component={Sale} />
          <Route path="/orgs" component={Orgs} />
          <Route path="/invitations/accept" component={Accept} />
          <Route path="/licenses" component={Licenses} />
          <Route path="/docs" component={Docs} />
          <Route path="/docs/guides/:name" component={Guide} />
          <Route path="/docs/reference" component={Reference} />
          <Route path="/docs/live" component={LiveMessages} />
          <Route path="/docs/errors" component={Errors} />
          <Route default component={NotFound} />
        </Router>
      </ErrorBoundary>
    </>
  );
}

function NotFound() {
  const t = useTexts(common);
  return (
    <Page title={t.notFound} lang={t.lang}>
      <p>
        <a href="/">{t.home}</a>
      </p>
    </Page>
  );
}

const root = document.getElementById("app");
if (root) {
  start().then(
    () =>
      render(
        <LocationProvider>
          <Frame />
        </LocationProvider>,
        root,
      ),
    (error: unknown) => {
      root.textContent = `Enishi cannot be reached: ${String(error)}`;
    },
  );
}
