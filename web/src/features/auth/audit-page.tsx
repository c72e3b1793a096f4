import { useInfiniteQuery } from "@tanstack/react-query";
import { ScrollText, X } from "lucide-react";
import type { Schema } from "@/api/client";
import { Empty } from "@/components/empty";
import { QueryView } from "@/components/query-view";
import { Button } from "@/components/ui/button";
import { SkeletonRows } from "@/components/ui/skeleton";
import { textParam, useSearch } from "@/lib/search";
import { AdminOnly } from "./components/admin-only";
import { AuditList } from "./components/audit-list";
import { More } from "./components/more";
import { TabHead } from "./components/tab-head";
import { accountsQuery, auditQuery, rowsOf } from "./queries";

const search = { account: textParam(), object: textParam() };

const nobody = new Map<string, string>();
const namesOf = (data: Parameters<typeof rowsOf<Schema<"Account">>>[0]) =>
  new Map(rowsOf(data).map((account) => [account.id, account.name]));

/** Who did what on this server. */
export function AuditPage() {
  return (
    <AdminOnly>
      <Audit />
    </AdminOnly>
  );
}

function Audit() {
  const [{ account, object }, change] = useSearch(search);
  const query = useInfiniteQuery({ ...auditQuery(object, account), select: rowsOf });
  const accounts = useInfiniteQuery({ ...accountsQuery(), select: namesOf });
  const names = accounts.data ?? nobody;
  const clear = () => change({ account: "", object: "" });
  const filtered = account !== "" || object !== "";
  return (
    <>
      <TabHead
        title="Audit log"
        description="Who did what on this server, and from where."
        actions={filtered && <Filter account={account} object={object} names={names} onClear={clear} />}
      />
      <QueryView
        query={query}
        skeleton={<SkeletonRows rows={8} className="h-10.5" />}
        empty={
          <Empty icon={ScrollText} title="Nothing here" action={<Button onClick={clear}>Show everything</Button>}>
            Nobody did anything that fits.
          </Empty>
        }
      >
        {(lines) => <AuditList lines={lines} names={names} />}
      </QueryView>
      {query.hasNextPage && (
        <More label="Load older lines" pending={query.isFetchingNextPage} onMore={() => void query.fetchNextPage()} />
      )}
    </>
  );
}

interface FilterProps {
  account: string;
  object: string;
  names: Map<string, string>;
  onClear: () => void;
}

function Filter({ account, object, names, onClear }: FilterProps) {
  const id = account || object;
  return (
    <Button onClick={onClear} className="max-w-full font-normal" aria-label="Show everything">
      {account ? "Only by" : "Only about"} <span className="truncate font-medium">{names.get(id) ?? id}</span>
      <X />
    </Button>
  );
}
