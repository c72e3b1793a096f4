import { PageHeader } from "@/components/page-header";

export function LogPage({ scope }: { scope: { project?: string; function?: string } }) {
  return (
    <>
      <PageHeader title="LogPage" description={scope.project ?? scope.function} />
    </>
  );
}
