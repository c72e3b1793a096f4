import { isAtLeast } from "@/api/use-project";
import { toast } from "@/components/toaster";
import { Card, CardBody, CardHeader } from "@/components/ui/card";
import { Switch } from "@/components/ui/switch";
import { useChangeProject } from "../queries";
import type { SettingsCardProps } from "./general-card";

/** Switches the routes of a project off and on. */
export function StatusCard({ id, project }: SettingsCardProps) {
  const change = useChangeProject(id);
  const status = change.isPending ? change.variables.status : project.status;
  return (
    <Card>
      <CardHeader title="Status" />
      <CardBody>
        <Switch
          label="Active"
          hint="While it is inactive every route answers 503. Functions can still be called directly, and everything can be changed."
          checked={status === "active"}
          disabled={!isAtLeast(project.role, "editor")}
          onChange={(active) =>
            change.mutate(
              { status: active ? "active" : "inactive" },
              { onError: (error) => toast.error(error.message) },
            )
          }
        />
      </CardBody>
    </Card>
  );
}
