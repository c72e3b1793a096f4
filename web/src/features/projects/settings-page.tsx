import { PageHeader } from "@/components/page-header";

export function ProjectSettingsPage({ project }: { project: string }) {
  return (
    <>
      <PageHeader title="ProjectSettingsPage" description={project} />
    </>
  );
}
