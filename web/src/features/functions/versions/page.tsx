import { PageHeader } from "@/components/page-header";

export function VersionsPage({ id }: { id: string }) {
  return (
    <>
      <PageHeader title="VersionsPage" description={id} />
    </>
  );
}
