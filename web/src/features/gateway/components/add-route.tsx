import { useState } from "react";
import type { Schema } from "@/api/client";
import { toast } from "@/components/toaster";
import { Card, CardBody, CardHeader } from "@/components/ui/card";
import { type RouteDraft, useCreateRoute } from "../queries";
import { RouteForm } from "./route-form";

interface AddRouteProps {
  project: string;
  functions: Schema<"Function">[];
  onClose: () => void;
}

/** Adds routes, one after the other, until it is closed. */
export function AddRoute({ project, functions, onClose }: AddRouteProps) {
  const create = useCreateRoute(project);
  const [next, setNext] = useState({ round: 0, method: "GET" as const, function_id: functions[0]?.id ?? "" });
  const submit = (draft: RouteDraft) =>
    create.mutate(draft, {
      onSuccess: (route) => {
        toast.done(`Added ${route.method} ${route.path}`);
        setNext({ ...next, round: next.round + 1, function_id: route.function_id });
      },
    });
  return (
    <Card className="mb-4">
      <CardHeader title="Add a route" />
      <CardBody>
        <RouteForm
          key={next.round}
          label="Add a route"
          initial={{ method: next.method, path: "", function_id: next.function_id, description: "" }}
          functions={functions}
          action="Add route"
          pending={create.isPending}
          error={create.error}
          onSubmit={submit}
          onCancel={onClose}
        />
      </CardBody>
    </Card>
  );
}
