import { useParams } from "react-router";
import { RoutesPage } from "@/features/gateway/page";

export function Component() {
  const { id = "" } = useParams();
  return <RoutesPage project={id} />;
}
