import { useParams } from "react-router";
import { CodePage } from "@/features/functions/code/page";

export function Component() {
  const { id = "" } = useParams();
  return <CodePage id={id} />;
}
