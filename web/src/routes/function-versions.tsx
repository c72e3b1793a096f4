import { useParams } from "react-router";
import { VersionsPage } from "@/features/functions/versions/page";

export function Component() {
  const { id = "" } = useParams();
  return <VersionsPage id={id} />;
}
