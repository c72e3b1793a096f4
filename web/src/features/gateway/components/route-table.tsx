import { useMemo, useRef } from "react";
import type { Schema } from "@/api/client";
import { Rows, WideRow } from "@/components/rows";
import { useRowsInSight } from "@/components/rows-in-sight";
import { toast } from "@/components/toaster";
import { type Route, useChangeRoute, useCreateRoute, useDeleteRoute } from "../queries";
import { RouteForm } from "./route-form";
import { RouteRow } from "./route-row";

interface RouteTableProps {
  project: string;
  /** Where the paths begin. */
  gateway: string;
  routes: Route[];
  functions: Schema<"Function">[];
  mayEdit: boolean;
  /** Id of the route that is being changed. */
  editing: string;
  onEdit: (route: string) => void;
  /** Id of the route that the tester's request goes to. */
  hit: string | undefined;
  onTry: (route: Route) => void;
}

const rowHeight = 56;

export function RouteTable(props: RouteTableProps) {
  const { project, gateway, routes, functions, mayEdit, editing, onEdit, hit, onTry } = props;
  const remove = useRemove(project);
  const body = useRef<HTMLDivElement>(null);
  const edited = routes.findIndex((route) => route.id === editing);
  const keep = edited < 0 ? undefined : edited;
  const { first, end, style, measure } = useRowsInSight(body, { rows: routes.length, height: rowHeight, keep });
  const functionOf = useMemo(() => new Map(functions.map((each) => [each.id, each])), [functions]);
  return (
    <Rows
      count={routes.length}
      body={{ ref: body, style }}
      label="Routes"
      head={["Method", "Path", "Function", "Description", ["", "sr-only"]]}
      tracks="5rem minmax(0,2.5fr) minmax(0,1fr) minmax(0,1.2fr) 8.5rem"
      tracksNarrow="5rem minmax(0,1fr)"
    >
      {routes.slice(first, end).map((route, at) => {
        const place = { ref: measure, "data-index": first + at, "aria-rowindex": first + at + 2 };
        return mayEdit && editing === route.id ? (
          <WideRow key={route.id} {...place}>
            <ChangeRoute project={project} route={route} functions={functions} onClose={() => onEdit("")} />
          </WideRow>
        ) : (
          <RouteRow
            key={route.id}
            url={gateway + route.path}
            route={route}
            of={functionOf.get(route.function_id)}
            mayEdit={mayEdit}
            hit={hit === route.id}
            onTry={() => onTry(route)}
            onEdit={() => onEdit(route.id)}
            onRemove={() => remove(route)}
            place={place}
          />
        );
      })}
    </Rows>
  );
}

/** Deletes at once; for a while a notice takes it back. */
function useRemove(project: string) {
  const remove = useDeleteRoute(project);
  const create = useCreateRoute(project);
  const failed = (error: Error) => toast.error(error.message);
  return (route: Route) => {
    const { method, path, function_id, description } = route;
    const undo = () => create.mutate({ method, path, function_id, description }, { onError: failed });
    remove.mutate(route.id, {
      onSuccess: () => toast.done(`Deleted ${method} ${path}`, { label: "Undo", run: undo }),
      onError: failed,
    });
  };
}

interface ChangeRouteProps {
  project: string;
  route: Route;
  functions: Schema<"Function">[];
  onClose: () => void;
}

function ChangeRoute({ project, route, functions, onClose }: ChangeRouteProps) {
  const change = useChangeRoute(project, route.id);
  return (
    <RouteForm
      label={`Change ${route.method} ${route.path}`}
      initial={route}
      functions={functions}
      action="Save"
      pending={change.isPending}
      error={change.error}
      onSubmit={({ method, path, function_id, description }) =>
        change.mutate({ method, path, function_id, description }, { onSuccess: onClose })
      }
      onCancel={onClose}
    />
  );
}
