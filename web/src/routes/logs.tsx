import { LogPage } from "@/features/calls/log-page";

export function Component() {
  return <LogPage scope={{}} />;
}
