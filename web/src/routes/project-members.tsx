import { useParams } from "react-router";
import { MembersPage } from "@/features/projects/members-page";

export function Component() {
  const { id = "" } = useParams();
  return <MembersPage project={id} />;
}
