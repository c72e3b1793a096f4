import { useQuery } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { fieldError } from "@/api/error";
import { ErrorNote } from "@/components/error-note";
import { QueryView } from "@/components/query-view";
import { Time } from "@/components/time";
import { Button } from "@/components/ui/button";
import { Card, CardBody, CardHeader } from "@/components/ui/card";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Skeleton } from "@/components/ui/skeleton";
import { domainsQuery, useAddDomain, useRemoveDomain } from "../queries";

interface DomainsCardProps {
  id: string;
  role: Schema<"Role">;
}

/** Host names of the project's own. */
export function DomainsCard({ id, role }: DomainsCardProps) {
  const domains = useQuery(domainsQuery(id));
  const [removing, setRemoving] = useState<string>();
  const isOwner = role === "owner";
  return (
    <Card>
      <CardHeader
        title="Domains"
        description="Host names of your own: every path of such a name goes to the routes of this project."
      />
      <CardBody className="grid gap-4">
        <QueryView
          query={domains}
          skeleton={<Skeleton className="h-5 w-60" />}
          empty={<p className="text-muted-foreground">No domain yet.</p>}
        >
          {(list) => (
            <ul className="divide-y rounded-md border">
              {list.map(({ domain, created_at }) => (
                <li key={domain} className="flex min-h-11 flex-wrap items-center gap-x-3 py-1 pr-2 pl-3">
                  <span className="grow font-mono text-[0.8125rem] font-medium wrap-anywhere">{domain}</span>
                  <span className="text-muted-foreground">
                    Added <Time at={created_at} />
                  </span>
                  {isOwner && (
                    <Button
                      variant="ghost"
                      size="smallIcon"
                      aria-label={`Remove ${domain}`}
                      title="Remove"
                      onClick={() => setRemoving(domain)}
                    >
                      <Trash2 />
                    </Button>
                  )}
                </li>
              ))}
            </ul>
          )}
        </QueryView>
        {isOwner && <AddDomain id={id} />}
        <DomainGuide />
      </CardBody>
      {removing !== undefined && <RemoveDomain id={id} domain={removing} onClose={() => setRemoving(undefined)} />}
    </Card>
  );
}

function AddDomain({ id }: { id: string }) {
  const add = useAddDomain(id);
  const [domain, setDomain] = useState("");
  return (
    <form
      className="grid gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        if (!add.isPending) add.mutate(domain.trim(), { onSuccess: () => setDomain("") });
      }}
    >
      <Field label="Add a domain" error={fieldError(add.error, "domain")}>
        {(control) => (
          <div className="flex gap-2">
            <Input
              {...control}
              className="font-mono text-[0.8125rem] sm:max-w-sm"
              placeholder="api.example.com"
              value={domain}
              onChange={(event) => setDomain(event.target.value)}
            />
            <Button type="submit" pending={add.isPending} disabled={!domain.trim()}>
              Add domain
            </Button>
          </div>
        )}
      </Field>
      <ErrorNote error={add.error} shown={["domain"]} />
    </form>
  );
}

function DomainGuide() {
  return (
    <div className="text-[0.8125rem] text-muted-foreground">
      <p className="font-medium text-foreground">What it takes besides</p>
      <ol className="mt-1 grid list-decimal gap-1 pl-4">
        <li>
          Add it here first, so that nobody else can. Then let the name point to this server in the DNS: an A or AAAA
          record with its address, or a CNAME record with its name.
        </li>
        <li>
          Let the proxy in front of the server take requests for the name, with a certificate, and pass its Host header
          on.
        </li>
      </ol>
    </div>
  );
}

function RemoveDomain({ id, domain, onClose }: { id: string; domain: string; onClose: () => void }) {
  const remove = useRemoveDomain(id);
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={`Remove ${domain}?`}
      action="Remove domain"
      pending={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate(domain, { onSuccess: onClose })}
    >
      Requests for it do not reach the routes of this project any more, and another project may take it.
    </ConfirmDialog>
  );
}
