import { PageHeader } from "@/components/page-header";

export function EnvironmentPage({ project }: { project: string }) {
  return (
    <>
      <PageHeader title="EnvironmentPage" description={project} />
    </>
  );
}
