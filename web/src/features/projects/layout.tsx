import { Outlet } from "react-router";
import { PageHeader } from "@/components/page-header";

export function ProjectLayout({ project }: { project: string }) {
  return (
    <>
      <PageHeader title="ProjectLayout" description={project} />
      <Outlet />
    </>
  );
}
