import { useParams } from "react-router";
import { FunctionLayout } from "@/features/functions/layout";

export function Component() {
  const { id = "" } = useParams();
  return <FunctionLayout id={id} />;
}
