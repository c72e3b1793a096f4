import { PageHeader } from "@/components/page-header";

export function RoutesPage({ project }: { project: string }) {
  return (
    <>
      <PageHeader title="RoutesPage" description={project} />
    </>
  );
}
