import { useInfiniteQuery } from "@tanstack/react-query";
import { ScrollText, X } from "lucide-react";
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
  const clear = () => change({ account: "", object: "" });
  const filtered = account !== "" || object !== "";
  return (
    <>
      <TabHead
        title="Audit log"
        description="Who did what on this server, and from where."
        actions={filtered && <Filter account={account} object={object} onClear={clear} />}
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
        {(lines) => <AuditList lines={lines} />}
      </QueryView>
      {query.hasNextPage && (
        <More label="Load older lines" pending={query.isFetchingNextPage} onMore={() => void query.fetchNextPage()} />
      )}
    </>
  );
}

function Filter({ account, object, onClear }: { account: string; object: string; onClear: () => void }) {
  const accounts = useInfiniteQuery({ ...accountsQuery(), select: rowsOf, enabled: account !== "" });
  const name = accounts.data?.find((each) => each.id === account)?.name ?? account;
  return (
    <Button onClick={onClear} className="font-normal" aria-label="Show everything">
      {account ? "Only by" : "Only about"}{" "}
      <span className="max-w-48 truncate font-medium">{account ? name : object}</span>
      <X />
    </Button>
  );
}
