import { PageHeader } from "@/components/page-header";

export function MetricsPage({ scope }: { scope: { project?: string; function?: string } }) {
  return (
    <>
      <PageHeader title="MetricsPage" description={scope.project ?? scope.function} />
    </>
  );
}
