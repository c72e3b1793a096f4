import { useParams } from "react-router";
import { ProjectLayout } from "@/features/projects/layout";

export function Component() {
  const { id = "" } = useParams();
  return <ProjectLayout project={id} />;
}
