import { useParams } from "react-router";
import { NewFunctionPage } from "@/features/functions/new-page";

export function Component() {
  const { id } = useParams();
  return <NewFunctionPage project={id} />;
}
