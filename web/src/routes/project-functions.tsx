import { useParams } from "react-router";
import { ProjectFunctions } from "@/features/functions/project-functions";

export function Component() {
  const { id = "" } = useParams();
  return <ProjectFunctions project={id} />;
}
