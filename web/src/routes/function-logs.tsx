import { useParams } from "react-router";
import { LogPage } from "@/features/calls/log-page";

export function Component() {
  const { id = "" } = useParams();
  return <LogPage scope={{ function: id }} />;
}
