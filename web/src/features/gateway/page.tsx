import { useQuery } from "@tanstack/react-query";
import { Plus, Waypoints } from "lucide-react";
import { Link } from "react-router";
import type { Schema } from "@/api/client";
import { projectFunctionsQuery } from "@/api/queries";
import { isAtLeast, useProject } from "@/api/use-project";
import { Empty } from "@/components/empty";
import { QueryView } from "@/components/query-view";
import { RoleNote } from "@/components/role-note";
import { Button } from "@/components/ui/button";
import { choiceParam, textParam, useSearch } from "@/lib/search";
import { AddRoute } from "./components/add-route";
import { RouteTable } from "./components/route-table";
import { Tester, testerMethods } from "./components/tester";
import { type Route, routesQuery } from "./queries";
import { useTester } from "./use-tester";

const search = {
  open: choiceParam("none", "add"),
  edit: textParam(),
  method: choiceParam(...testerMethods),
  path: textParam(),
};

/** Which requests to the gateway go to which function, and a way to try them. */
export function RoutesPage({ project: id }: { project: string }) {
  const project = useProject(id).data;
  const functions = useQuery(projectFunctionsQuery(id));
  const routes = useQuery(routesQuery(id));
  const all = project && functions.data && routes.data;
  return (
    <QueryView query={{ ...routes, data: all && routes.data, error: routes.error ?? functions.error }}>
      {(list) =>
        project && functions.data && <Routes id={id} project={project} functions={functions.data} routes={list} />
      }
    </QueryView>
  );
}

interface RoutesProps {
  /** The id or slug that stands in the page's address. */
  id: string;
  project: Schema<"Project">;
  functions: Schema<"Function">[];
  routes: Route[];
}

function Routes({ id, project, functions, routes }: RoutesProps) {
  const [{ open, edit, method, path }, change] = useSearch(search);
  const tested = useTester(id, method, path);
  const mayEdit = isAtLeast(project.role, "editor");
  const adding = mayEdit && open === "add" && functions.length > 0;
  const tryRoute = (route: Route) =>
    change({ path: example(route.path), method: testerMethods.find((each) => each === route.method) ?? "GET" });
  const addButton = mayEdit && <AddButton id={id} functions={functions} onClick={() => change({ open: "add" })} />;
  return (
    <>
      {!mayEdit && <RoleNote>You are a viewer of this project: editors add and change its routes.</RoleNote>}
      {routes.length > 0 && !adding && mayEdit && (
        <div className="mb-4 flex flex-wrap items-center justify-between gap-3">
          <p className="text-muted-foreground">
            Words win over <span className="font-mono">:id</span>, which wins over{" "}
            <span className="font-mono">*rest</span>, whatever the order.
          </p>
          {addButton}
        </div>
      )}
      {adding && <AddRoute project={id} functions={functions} onClose={() => change({ open: "none" })} />}
      {routes.length === 0 && !adding && <NoRoutesYet action={addButton} />}
      {routes.length > 0 && (
        <>
          <RouteTable
            {...{ routes, functions, mayEdit }}
            project={id}
            gateway={location.origin + project.gateway_url}
            editing={edit}
            onEdit={(route) => change({ edit: route })}
            hit={tested.route?.id}
            onTry={tryRoute}
          />
          <Tester {...{ project, method, path, tested, functions }} onChange={change} />
        </>
      )}
    </>
  );
}

/** A path that the route takes: its parameters by their own names. */
function example(path: string): string {
  return path.replaceAll(/\/[:*](\w+)/g, "/$1");
}

function AddButton({ id, functions, onClick }: { id: string; functions: unknown[]; onClick: () => void }) {
  if (functions.length === 0)
    return (
      <Button asChild variant="primary">
        <Link to={`/projects/${encodeURIComponent(id)}/functions/new`}>
          <Plus /> New function
        </Link>
      </Button>
    );
  return (
    <Button variant="primary" onClick={onClick}>
      <Plus /> Add route
    </Button>
  );
}

function NoRoutesYet({ action }: { action: React.ReactNode }) {
  return (
    <Empty icon={Waypoints} title="No routes yet" action={action}>
      A route sends requests to a function: with <span className="font-mono">GET /hello/:name</span>, a request for{" "}
      <span className="font-mono">/hello/Ada</span> calls it with the parameter{" "}
      <span className="font-mono">name = "Ada"</span>.
    </Empty>
  );
}
