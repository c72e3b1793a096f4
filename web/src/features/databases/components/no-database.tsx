import { Database } from "lucide-react";
import { Empty } from "@/components/empty";
import { ErrorNote } from "@/components/error-note";
import { toast } from "@/components/toaster";
import { Button } from "@/components/ui/button";
import { useProvision } from "../queries";

/** What a database is good for, and the button that makes one. */
export function NoDatabase({ id, mayCreate }: { id: string; mayCreate: boolean }) {
  const provision = useProvision(id);
  return (
    <div className="grid gap-3">
      <ErrorNote error={provision.error} />
      <Empty
        icon={Database}
        title="No database yet"
        action={
          mayCreate && (
            <Button
              variant="primary"
              pending={provision.isPending}
              onClick={() => provision.mutate(undefined, { onSuccess: () => toast.done("The database is there") })}
            >
              Create a database
            </Button>
          )
        }
      >
        A PostgreSQL database of the project's own. Its functions find it as <code>DATABASE_URL</code>, also with the
        network off, from their next call on.
        {!mayCreate && " Editors and owners of the project create it."}
      </Empty>
    </div>
  );
}
