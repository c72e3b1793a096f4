import { useParams } from "react-router";
import { EnvironmentPage } from "@/features/projects/environment-page";

export function Component() {
  const { id = "" } = useParams();
  return <EnvironmentPage project={id} />;
}
