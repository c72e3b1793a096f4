import { useParams } from "react-router";
import { MetricsPage } from "@/features/calls/metrics-page";

export function Component() {
  const { id = "" } = useParams();
  return <MetricsPage scope={{ project: id }} />;
}
