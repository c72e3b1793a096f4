import { useParams } from "react-router";
import { FunctionSettingsPage } from "@/features/functions/settings/page";

export function Component() {
  const { id = "" } = useParams();
  return <FunctionSettingsPage id={id} />;
}
