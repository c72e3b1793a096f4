import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { Outlet, useLocation, useNavigate } from "react-router";
import type { Schema } from "@/api/client";
import { functionKey, functionQuery } from "@/api/queries";
import { QueryView } from "@/components/query-view";
import { Skeleton } from "@/components/ui/skeleton";
import { choiceParam, useSearch } from "@/lib/search";
import { FunctionHeader } from "./components/function-header";
import { UseDialog } from "./components/use-dialog";
import { routesQuery, useHome, useProjectOf } from "./queries";
import { targetsOf } from "./snippets";

/** Everything about one function: its header, and the tab in sight below. `id` may be its name. */
export function FunctionLayout({ id }: { id: string }) {
  const fn = useQuery(functionQuery(id));
  const home = useHome(fn.data?.project_id); // the projects come at the same time: its name stands above the rest
  if (fn.data && home.isPending) return <LayoutSkeleton />;
  return (
    <QueryView query={fn} skeleton={<LayoutSkeleton />}>
      {(data) => (data.id === id ? <FunctionPage fn={data} /> : <ToId fn={data} />)}
    </QueryView>
  );
}

const search = { use: choiceParam("", "yes") };

function FunctionPage({ fn }: { fn: Schema<"Function"> }) {
  const [{ use }, change] = useSearch(search);
  const project = useProjectOf(fn.project_id);
  const routes = useQuery({ ...routesQuery(fn.project_id ?? ""), enabled: fn.project_id !== null });
  const targets = targetsOf(location.origin, fn, project?.gateway_url ?? "", (project && routes.data) ?? []);
  return (
    <>
      <FunctionHeader fn={fn} project={project} targets={targets} onUse={() => change({ use: "yes" })} />
      <Outlet />
      {use === "yes" && !routes.isLoading && (
        <UseDialog fn={fn} targets={targets} onClose={() => change({ use: "" })} />
      )}
    </>
  );
}

/** An address with the name of a function becomes the one with its id: names change. */
function ToId({ fn }: { fn: Schema<"Function"> }) {
  const { pathname, search: query } = useLocation();
  const navigate = useNavigate();
  const client = useQueryClient();
  useEffect(() => {
    client.setQueryData(functionKey(fn.id), fn);
    const [, , , ...tab] = pathname.split("/");
    void navigate({ pathname: ["/functions", fn.id, ...tab].join("/"), search: query }, { replace: true });
  }, [client, fn, navigate, pathname, query]);
  return <LayoutSkeleton />;
}

function LayoutSkeleton() {
  return (
    <>
      <Skeleton className="h-9 w-96 max-w-full" />
      <Skeleton className="mt-1 mb-5 h-10" />
      <Skeleton className="h-96" />
    </>
  );
}
