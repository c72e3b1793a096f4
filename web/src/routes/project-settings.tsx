import { useParams } from "react-router";
import { ProjectSettingsPage } from "@/features/projects/settings-page";

export function Component() {
  const { id = "" } = useParams();
  return <ProjectSettingsPage project={id} />;
}
