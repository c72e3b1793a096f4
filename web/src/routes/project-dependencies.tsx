import { useParams } from "react-router";
import { DependenciesPage } from "@/features/deps/page";

export function Component() {
  const { id = "" } = useParams();
  return <DependenciesPage key={id} project={id} />;
}
