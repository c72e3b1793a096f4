import { useSuspenseQuery } from "@tanstack/react-query";
import { Compass } from "lucide-react";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { accountQuery } from "@/api/queries";
import { Empty } from "@/components/empty";
import { Button } from "@/components/ui/button";

/** A page that is there for administrators; the server keeps what it would show from all others. */
export function AdminOnly({ children }: { children: ReactNode }) {
  const { data: account } = useSuspenseQuery(accountQuery());
  if (account.admin) return children;
  return (
    <Empty
      icon={Compass}
      title="There is no such page"
      action={
        <Button asChild>
          <Link to="/settings">To your profile</Link>
        </Button>
      }
    >
      The address may be wrong, or the page may be for administrators of this server.
    </Empty>
  );
}
