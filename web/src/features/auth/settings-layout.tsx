import { useSuspenseQuery } from "@tanstack/react-query";
import { Outlet, useLocation } from "react-router";
import { accountQuery } from "@/api/queries";
import { LinkTabs } from "@/components/link-tabs";
import { PageHeader } from "@/components/page-header";
import { useTitle } from "@/lib/title";

const forAll: [string, string][] = [
  ["", "Profile"],
  ["sessions", "Sessions"],
  ["keys", "API keys"],
];
const forAdministrators: [string, string][] = [
  ["accounts", "Accounts"],
  ["audit", "Audit log"],
];

/** What belongs to the account that is signed in; for administrators also what belongs to the server. */
export function SettingsLayout() {
  const { data: account } = useSuspenseQuery(accountQuery());
  const tabs = account.admin ? [...forAll, ...forAdministrators] : forAll;
  const open = useLocation().pathname.split("/")[2] ?? "";
  return (
    <>
      <PageHeader title="Settings" />
      <TabTitle name={tabs.find(([path]) => path === open)?.[1] ?? "Settings"} />
      <LinkTabs label="Settings" tabs={tabs} />
      <Outlet />
    </>
  );
}

/** In the browser's tab; stands behind the page's header, so that it has the last word. */
function TabTitle({ name }: { name: string }) {
  useTitle(name === "Settings" ? name : `${name} · Settings`);
  return null;
}
