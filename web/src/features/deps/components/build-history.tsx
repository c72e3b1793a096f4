import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { QueryView } from "@/components/query-view";
import { Time } from "@/components/time";
import { Button } from "@/components/ui/button";
import { Card, CardBody, CardHeader } from "@/components/ui/card";
import { SkeletonRows } from "@/components/ui/skeleton";
import { cn } from "@/lib/cn";
import { type Build, buildsQuery } from "../queries";
import { BuildStatus, buildTook } from "./build-status";

interface BuildHistoryProps {
  project: string;
  /** The one in sight. */
  shown: string;
  onShow: (id: string) => void;
}

const shownAtFirst = 6;

/** The builds of a project, the newest first; a click shows one with its log. */
export function BuildHistory({ project, shown, onShow }: BuildHistoryProps) {
  const builds = useQuery(buildsQuery(project));
  const [all, setAll] = useState(false);
  return (
    <Card aria-label="Builds">
      <CardHeader title="Builds" />
      <CardBody>
        <QueryView
          query={builds}
          skeleton={<SkeletonRows rows={1} />}
          empty={<p className="text-muted-foreground">No build yet.</p>}
        >
          {(list) => (
            <>
              <ul className="divide-y overflow-hidden rounded-md border">
                {(all ? list : list.slice(0, shownAtFirst)).map((build) => (
                  <li key={build.id}>
                    <BuildRow build={build} current={build.id === shown} onShow={() => onShow(build.id)} />
                  </li>
                ))}
              </ul>
              {!all && list.length > shownAtFirst && (
                <Button variant="ghost" size="small" className="mt-2" onClick={() => setAll(true)}>
                  Show all {list.length}
                </Button>
              )}
            </>
          )}
        </QueryView>
      </CardBody>
    </Card>
  );
}

function BuildRow({ build, current, onShow }: { build: Build; current: boolean; onShow: () => void }) {
  return (
    <button
      type="button"
      aria-current={current || undefined}
      onClick={onShow}
      className={cn(
        "flex min-h-11 w-full flex-wrap items-center gap-x-3 gap-y-1 px-3 py-2 text-left hover:bg-muted/60 focus-visible:outline-offset-[-2px]",
        current && "bg-accent/60",
      )}
    >
      <BuildStatus status={build.status} />
      <span className="min-w-32 flex-1 truncate text-[0.8125rem] text-muted-foreground">
        {build.error ?? buildTook(build)}
      </span>
      <Time at={build.created_at} className="text-[0.8125rem] text-muted-foreground" />
    </button>
  );
}
