import { PageHeader } from "@/components/page-header";

export function MembersPage({ project }: { project: string }) {
  return (
    <>
      <PageHeader title="MembersPage" description={project} />
    </>
  );
}
