import { useParams } from "react-router";
import { DatabasePage } from "@/features/databases/page";

export function Component() {
  const { id = "" } = useParams();
  return <DatabasePage key={id} project={id} />;
}
