import { useSuspenseQuery } from "@tanstack/react-query";
import { Outlet } from "react-router";
import { accountQuery } from "@/api/queries";
import { LinkTabs } from "@/components/link-tabs";
import { PageHeader } from "@/components/page-header";

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
  return (
    <>
      <PageHeader title="Settings" />
      <LinkTabs label="Settings" of="Settings" tabs={tabs} />
      <Outlet />
    </>
  );
}
