import { PageHeader } from "@/components/page-header";

export function ProjectFunctions({ project }: { project: string }) {
  return (
    <>
      <PageHeader title="ProjectFunctions" description={project} />
    </>
  );
}
